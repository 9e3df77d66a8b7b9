// What the book adds to JupyterLab: a first page of its chapters, and errors where their reader looks.
//
// Written as JupyterLab loads it, a container of module federation, so that nothing has to be built.
(() => {
  "use strict";
  const NAME = "outlier-exposure-book";
  const STUDENTS = "students";
  let shared; // {package: {version: {get}}}, JupyterLab's own packages

  async function load(name) {
    const [version] = Object.values(shared[name]);
    return (await version.get())();
  }

  // After several cells were run, JupyterLab shows the last; go to the one that failed, and ended the run.
  function errorsInSight({ NotebookActions }) {
    const failed = new WeakMap();
    return {
      id: `${NAME}:errors-in-sight`,
      autoStart: true,
      activate: () => {
        NotebookActions.executed.connect((_, { notebook, cell, success }) => {
          if (!success && !failed.has(notebook)) failed.set(notebook, cell);
        });
        NotebookActions.selectionExecuted.connect((_, { notebook, lastCell }) => {
          const cell = failed.get(notebook);
          failed.delete(notebook);
          const index = cell && cell !== lastCell ? notebook.widgets.indexOf(cell) : -1;
          if (index < 0) return;
          notebook.activeCellIndex = index;
          notebook.scrollToItem(index, "center").catch(() => {}); // a notebook that was closed meanwhile
        });
      },
    };
  }

  // In place of JupyterLab's launcher: the notebooks of the folder, what each asks, and the students' versions.
  function firstPage({ MainAreaWidget }, { Widget }) {
    return {
      id: `${NAME}:first-page`,
      autoStart: true,
      activate: (app) => {
        const { commands, shell, serviceManager } = app;
        let page = null;

        async function notebooks(folder) {
          const { content } = await serviceManager.contents.get(folder);
          return content.filter((one) => one.type === "notebook").sort((a, b) => (a.path < b.path ? -1 : 1));
        }

        async function about(path) {
          const { cells } = (await serviceManager.contents.get(path)).content;
          const source = [cells.find((cell) => cell.cell_type === "markdown")?.source ?? ""].flat().join("");
          const quoted = source.match(/(?:^>.*\n?)+/m)?.[0] ?? "";
          return { title: source.match(/^#\s+(.*)/m)?.[1] ?? path, question: quoted.replace(/\s*^>\s*/gm, " ").trim() };
        }

        function link(path, words) {
          const made = document.createElement("a");
          Object.assign(made, { href: "#", textContent: words, title: path });
          made.addEventListener("click", (event) => {
            event.preventDefault();
            commands.execute("docmanager:open", { path });
          });
          return made;
        }

        async function fill(node) {
          const students = new Set((await notebooks(STUDENTS).catch(() => [])).map((one) => one.name));
          const rows = await Promise.all((await notebooks("")).map(async ({ name, path }) => {
            const [row, asked] = ["li", "div"].map((tag) => document.createElement(tag));
            const { title, question } = await about(path);
            row.append(link(path, title));
            if (students.has(name)) row.append(" · ", link(`${STUDENTS}/${name}`, "without solutions"));
            asked.textContent = question;
            row.append(asked);
            return row;
          }));
          const [heading, list] = ["h1", "ul"].map((tag) => document.createElement(tag));
          heading.textContent = rows.length ? "Chapters" : "No notebook in this folder";
          list.append(...rows);
          node.replaceChildren(heading, list);
        }

        function open() {
          if (page === null || page.isDisposed) {
            const content = new Widget();
            content.addClass("jp-RenderedHTMLCommon");
            content.node.style.cssText = "padding: 1em 2em; overflow: auto";
            page = new MainAreaWidget({ content });
            page.id = `${NAME}-first-page`;
            Object.assign(page.title, { label: "Chapters", closable: true });
            fill(content.node);
          }
          if (!page.isAttached) shell.add(page, "main");
          shell.activateById(page.id);
          return page;
        }

        commands.addCommand("launcher:create", { label: "Chapters", execute: open });
        const openWhenEmpty = () => shell.isEmpty("main") && open();
        app.restored.then(() => {
          openWhenEmpty();
          shell.layoutModified.connect(openWhenEmpty);
        });
      },
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB[NAME] = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      const [notebook, apputils, widgets] = await Promise.all(
        ["@jupyterlab/notebook", "@jupyterlab/apputils", "@lumino/widgets"].map(load),
      );
      const plugins = [errorsInSight(notebook), firstPage(apputils, widgets)];
      return () => ({ __esModule: true, default: plugins });
    },
  };
})();
