# From a fresh clone: `make book` or `make test`. Python 3.11 or newer is all they need; `make help` lists the rest.
SCALE ?= demo
PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
JOBS ?= auto
NEEDS ?= GPU=1
PY = $(VENV)/bin/python
INSTALLED = $(VENV)/installed.stamp
# This checkout's oe_core, also where the environment was made by another one.
HERE = PYTHONPATH="$(CURDIR)"
# Where things lie, absolute: every target reads OE_DATA and OE_RUNS in the same way, from the folder of this file.
ASK_ROOT = $(HERE) $(1) -c 'from oe_core.scales import $(2)_root; print($(2)_root())'
# What the chapters that have these parameters get instead of their defaults.
GIVEN = $(foreach name,SEEDS SHARE,$(addprefix -p $(name) ,$($(name)))) $(PARAMS)
# With PRETRAINED, the store of the scale first takes those networks of the package that the chapters need.
TAKE_IN = $(if $(PRETRAINED),$(HERE) $(PY) book/pretrained.py seed --scale $(SCALE) $(addprefix --chapter ,$(1)) $(GIVEN) &&)
SITE = $(HERE) $(PY) book/website.py --scale $(SCALE)
# With WHEELHOUSE, pip takes packages from that folder and asks no network.
PIP = $(PY) -m pip --disable-pip-version-check
HOUSE = $(if $(WHEELHOUSE),--no-index --find-links "$(WHEELHOUSE)")

.DEFAULT_GOAL := help
.PHONY: help book site slides runs pretrained slurm pack unpack handout test slurm-test faults lint data bench gpu-check lab lock outdated wheelhouse offline clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo "  SCALE is smoke, demo (the default), course or paper; OE_DATA says where data lies, OE_RUNS where results go."
	@echo "  JOBS is how many chapters run at a time, auto: one a core; THREADS how many threads each has, else OMP_NUM_THREADS,"
	@echo "  else 1 at smoke and demo, where tables are the same for every JOBS, and a share of the cores at course and paper."

book: $(INSTALLED) ## run the chapters into runs/SCALE: [SCALE=demo] [CHAPTER=NN_name] [JOBS=auto] [SEEDS=n] [SHARE=0.3 of the epochs] [PARAMS="-p NAME VALUE"] [PRETRAINED=1] [FORCE=1]
	@$(call TAKE_IN,$(CHAPTER)) $(HERE) $(PY) book/build.py --scale $(SCALE) --jobs $(JOBS) $(addprefix --threads ,$(THREADS)) \
		$(addprefix --chapter ,$(CHAPTER)) $(if $(FORCE),--force) $(GIVEN); \
	status=$$?; [ $$status -gt 1 ] || $(SITE) || status=1; exit $$status

site: $(INSTALLED) ## build the site of the chapters that were run: [SCALE=demo]
	@$(SITE)

slides: $(INSTALLED) ## make the slides of the course from the chapters that were run: [SCALE=demo]
	@$(HERE) $(PY) book/slides.py --scale $(SCALE)

runs: $(INSTALLED) ## train the networks that the chapters need: [SCALE=demo] [CHAPTERS="NN_name ..."] [SEEDS=n] [SHARE=0.3 of the epochs] [WORKERS=auto] [RANKS=1 GPUs each] [CLUSTER=tcp://... or a file] [BUDGET=25m] [PRETRAINED=1] [STATUS=1]
	@$(call TAKE_IN,$(CHAPTERS)) $(HERE) $(PY) book/runs.py --scale $(SCALE) $(addprefix --workers ,$(WORKERS)) $(addprefix --ranks ,$(RANKS)) $(addprefix --chapter ,$(CHAPTERS)) \
		$(if $(CLUSTER),--cluster "$(CLUSTER)" --needs "$(NEEDS)") \
		$(addprefix --budget ,$(BUDGET)) $(if $(STATUS),--status) $(GIVEN)

pretrained: $(INSTALLED) ## make the networks that come with the package of the runs that are there, and say what each measures
	@$(HERE) $(PY) book/pretrained.py make

slurm: $(INSTALLED) ## write the job script of workers on a Slurm cluster: [SCALE=demo] [ARGS="--workers 8 --time 4:00:00"]
	@$(HERE) $(PY) book/slurm.py --scale $(SCALE) $(ARGS)

pack: $(INSTALLED) ## write runs into archives in the folder TO: [SCALE=demo] [MOST=60M] [RUNS="name ..."]
	@$(HERE) $(PY) -m oe_core.runs.carry pack "$(or $(TO),$(error TO= which folder?))" --scale $(SCALE) --most $(or $(MOST),60M) $(foreach run,$(RUNS),--run '$(run)')

unpack: $(INSTALLED) ## take in the runs from the archives in the folder FROM: [SCALE=demo]
	@$(HERE) $(PY) -m oe_core.runs.carry unpack "$(or $(FROM),$(error FROM= which folder?))" --scale $(SCALE)

handout: $(INSTALLED) ## write the chapters as notebooks for students, without solutions, and for teachers into runs/handout: [NBGRADER=1]
	@$(HERE) $(PY) book/handout.py $(if $(NBGRADER),--nbgrader)

test: $(INSTALLED) ## run the unit tests, on every core: [JOBS=auto] [ARGS="-k name"]
	@$(HERE) $(PY) -m pytest -q -n $(JOBS) --dist worksteal $(ARGS)

slurm-test: $(INSTALLED) ## test workers as jobs of the Slurm cluster at hand, in some ten minutes: [SHARED=folder that its nodes see]
	@$(HERE) OE_TEST_SLURM="$(or $(SHARED),$(CURDIR)/runs/slurm-test)" $(PY) -m pytest -q tests/slurm $(ARGS)

faults: $(INSTALLED) ## kill, damage and starve trainings and builds, and see that all comes out the same (an hour or two): [KILLS=100] [ARGS="-k name"]
	@$(HERE) $(addprefix OE_KILLS=,$(KILLS)) $(PY) -m pytest -q -m "faults or not faults" tests/faults tests/runs tests/book/test_together.py $(ARGS)

lint: $(INSTALLED) ## check the style of the code
	@$(PY) -m ruff check .

data: $(INSTALLED) ## say what data a scale needs and what is there: [SCALE=demo] [FETCH=1 to fetch it]
	@$(HERE) $(PY) -m oe_core.data.fetch.inventory --scale $(SCALE) $(if $(FETCH),--fetch)

bench: $(INSTALLED) ## measure this engine against the plain way: [ARGS="..."]
	@$(HERE) $(PY) -m bench $(ARGS)

gpu-check: ## say whether this GPU is right and how fast it is, in any Python with torch: [PYTHON=python3] [REPORT=folder]
	@$(HERE) $(if $(wildcard $(PY)),$(PY),$(PYTHON)) -m bench.gpu $(addprefix --report ,$(REPORT)) $(ARGS)

lab: $(INSTALLED) ## open JupyterLab on copies of the chapters in runs/lab: [OPEN=another folder] [ARGS="--no-browser"]
	@$(if $(OPEN),,$(HERE) $(PY) book/copies.py)
	@OE_DATA="$$($(call ASK_ROOT,$(PY),data))" OE_RUNS="$$($(call ASK_ROOT,$(PY),runs))" && export OE_DATA OE_RUNS && \
		PYTHONPATH="$(CURDIR):$(CURDIR)/book" JUPYTER_CONFIG_PATH="$(CURDIR)/book/lab:$$JUPYTER_CONFIG_PATH" \
		JUPYTER_PATH="$(CURDIR)/book/lab:$$JUPYTER_PATH" \
		$(PY) -m jupyterlab --ServerApp.root_dir="$(or $(OPEN),$$OE_RUNS/lab)" $(ARGS)

lock: $(INSTALLED) ## lock every package of pyproject.toml, with hashes, in constraints.txt: [ARGS=--upgrade]
	@$(PY) -m uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" --quiet --output-file $(CONSTRAINTS) $(ARGS)

outdated: $(INSTALLED) ## list the installed packages of which there are newer versions
	@$(PY) -m uv pip list --outdated --python $(PY)

wheelhouse: ## keep the locked packages for this Python and machine in the folder TO; later make ... WHEELHOUSE=folder needs no network
	$(MAKE_VENV)
	@echo "keeping the packages of $(CONSTRAINTS) in $(or $(TO),$(error TO= which folder?)) (a few minutes, about 3 GB)"
	@$(PIP) download --quiet --require-hashes --only-binary :all: -r $(CONSTRAINTS) --dest "$(TO)"

offline: ## try out WHEELHOUSE, as root on Linux: a clone installs itself and builds a chapter where there is no network
	@PYTHON="$(PYTHON)" tests/offline.sh "$(or $(WHEELHOUSE),$(error WHEELHOUSE= which folder?))"

clean: ## say what was made at one scale, trained networks included, and the caches take, and remove them; own, lab and handout are yours and stay: [SCALE=demo]
	$(if $(filter $(words $(SCALE)):$(SCALE),1:smoke 1:demo 1:course 1:paper),,$(error SCALE=$(SCALE): choose one of smoke, demo, course, paper))
	@runs="$$($(call ASK_ROOT,$(PYTHON),runs))" && set -- && \
		for place in "$${runs:?}/$(SCALE)" "$$runs/.texts" .pytest_cache .ruff_cache .hypothesis; do \
			if [ -e "$$place" ]; then set -- "$$@" "$$place"; fi; done && \
		echo "removing what was made at scale $(SCALE) (trained networks:" \
			"$$(ls "$$runs/$(SCALE)"/trained/*/run.json 2>/dev/null | wc -l | tr -d ' '))," \
			"the caches, and folders __pycache__; it frees, in KiB:" && \
		if [ $$# -gt 0 ]; then du -skc -- "$$@"; else echo "0	total"; fi && rm -rf -- "$$@"
	@find . -name .venv -prune -o -name __pycache__ -prune -exec rm -rf {} +

define MAKE_VENV
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12" >&2; exit 1; }
@$(PY) -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
endef

# Installed once, and again whenever the lists of packages change: what constraints.txt locks, each file by its hash, and
# nothing is built in an environment of its own. CONSTRAINTS=/dev/null: the newest versions in the ranges of pyproject.toml.
$(INSTALLED): pyproject.toml constraints.txt
	$(MAKE_VENV)
	@echo "installing the packages of pyproject.toml into $(VENV) (a few minutes, about 6 GB)"
ifeq ($(CONSTRAINTS),/dev/null)
	@$(PIP) install --quiet $(HOUSE) -e '.[book,cluster,dev,ood,site]'
else
	@$(PIP) install --quiet $(HOUSE) --require-hashes -r $(CONSTRAINTS)
	@$(PIP) install --quiet --no-index --no-deps --no-build-isolation -e .
endif
	@# Under the full path of this Python, by which jupytext finds the kernel of a chapter opened in JupyterLab.
	@$(PY) -m ipykernel install --sys-prefix >/dev/null
	@touch $@
