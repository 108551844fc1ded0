# Two commands set a fresh machine up: make reproduce, make test. Both need Python >= 3.11.
# Each target says what it runs; the README shows the same commands without make.
.DEFAULT_GOAL := help
.PHONY: help checked_study reproduce data train figures report check test lint format docs benchmark benchmark-data clean
SHELL := /bin/bash

PYTHON ?= python3
CORES ?= all
# A file of studies/, or a study of your own; empty for config.yaml.
STUDY ?=
# Further options for snakemake, for example OPTIONS="--forcerun accuracy_boxplot", or for
# benchmarks/run.py and benchmarks/data.py.
OPTIONS ?=

VENV := .venv/bin
# Whatever runs a module of the library by its name finds it there.
LIBRARY := PYTHONPATH=scripts
# As the shell takes it: the name of a file may have blanks and quotes.
STUDY_FILE := $(if $(STUDY),'$(subst ','\'',$(value STUDY))')
CONFIG := $(if $(STUDY),--configfile $(STUDY_FILE))
# The target comes first: --configfile takes all that follows it.
SNAKEMAKE = $(VENV)/snakemake $(1) --cores $(CORES) $(OPTIONS) $(CONFIG)
READ_STUDY = $(LIBRARY) $(VENV)/python -m manyseeds.study
NAME = $(shell $(READ_STUDY) --name $(STUDY_FILE))
# What options change in a study is for snakemake to judge.
SYNTAX = $(if $(findstring --config,$(OPTIONS))$(findstring --directory,$(OPTIONS)),--syntax)
REPORT = results/$(NAME)/report.html
# A name that is missing or odd must not become a path.
check_name = @[[ "$(NAME)" =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$$ ]] || { echo "No study is named in" $(or $(STUDY_FILE),config.yaml).; exit 1; }

help:
	@echo "make reproduce [STUDY=studies/fashion.yaml] [CORES=2]   run a study and write its report"
	@echo "make data | train | figures | report                    run a study as far as that"
	@echo "make check                                              lint, and the fast tests; a minute"
	@echo "make test                                               run all tests"
	@echo "make docs                                               write the pages made from the code"
	@echo "make benchmark [OPTIONS=--quick]                        measure beside Keras and PyTorch"
	@echo "make benchmark-data [OPTIONS=--quick]                   measure the stages of the data"
	@echo "make lint | format | clean                              check, format, delete results"

# Made again whenever a pin changes.
.venv/.installed: requirements.txt constraints.txt
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'manyseeds needs Python 3.11 or later: make PYTHON=python3.11 ...')"
	@echo "Installing the packages of requirements.txt into .venv; some minutes, once."
	$(PYTHON) -m venv .venv
	$(VENV)/python -m pip install --quiet --requirement requirements.txt
	@touch $@

# Snakemake says little of a file that is no YAML, and says it before the project can say more.
checked_study: .venv/.installed
	@$(READ_STUDY) $(SYNTAX) $(STUDY_FILE)

reproduce: report

data train figures: checked_study
	$(call SNAKEMAKE,$@)

report: checked_study
	$(check_name)
	$(call SNAKEMAKE,all)
	$(VENV)/snakemake all --cores $(CORES) $(CONFIG) --report $(REPORT)
	@echo
	@echo "The report of the study '$(NAME)': $(REPORT)"
	@echo "Its figures for print: results/$(NAME)/figures/"

# For every change while one works: it takes a minute on two cores.
check: lint
	$(VENV)/pytest tests/unit -m "not slow" -n 2 --quiet

test: .venv/.installed
	$(VENV)/pytest

# The peers' packages stay out of .venv.
benchmarks/.venv/.installed: benchmarks/requirements.txt benchmarks/constraints.txt constraints.txt
	@echo "Installing the packages of benchmarks/requirements.txt into benchmarks/.venv; once."
	$(PYTHON) -m venv benchmarks/.venv
	benchmarks/.venv/bin/python -m pip install --quiet --requirement benchmarks/requirements.txt
	@touch $@

benchmark: .venv/.installed benchmarks/.venv/.installed
	$(VENV)/python -m benchmarks.run $(OPTIONS)

benchmark-data: .venv/.installed
	$(VENV)/python -m benchmarks.data $(OPTIONS)

lint: .venv/.installed
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/snakefmt --check Snakefile rules
	$(VENV)/codespell
	$(LIBRARY) $(VENV)/lint-imports --no-logo
	$(VENV)/mypy
	$(VENV)/snakemake --lint

format: .venv/.installed
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .
	$(VENV)/snakefmt Snakefile rules

# The schema of a study, its tables in docs/studies.md, and the table in docs/architectures.md.
docs: .venv/.installed
	$(LIBRARY) $(VENV)/python -m manyseeds.study.reference
	$(LIBRARY) $(VENV)/python -m manyseeds.networks.catalogue

clean: .venv/.installed
	$(check_name)
	@echo "Deleting the results of the study '$(NAME)'."
	rm -rf "results/$(NAME)"
