# %% [markdown]
# # The Outlier Exposure book on Colab
#
# The same two commands as everywhere: `make book` runs every chapter and builds the site, `make test` runs the tests.

# %%
REPOSITORY = ""  # the address that you cloned this book from, https://...

# %%
# !git clone --quiet "$REPOSITORY" /content/book

# %%
# !make -C /content/book book

# %%
# !make -C /content/book test

# %% [markdown]
# The site is the folder `runs/demo/site`. Take it home as one file:

# %%
import shutil

from google.colab import files

files.download(shutil.make_archive("/content/site", "zip", "/content/book/runs/demo/site"))
