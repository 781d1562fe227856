# `make` alone says what there is. bin/setup does all the set-up, once.
.DEFAULT_GOAL := ayuda
.PHONY: ayuda run instalar test check check-largo mutantes capturas caos bench

override PUERTO := $(or $(strip $(PUERTO)),8000)
PYTHON := .venv/bin/python
export PUERTO
unexport PYTHONPATH PYTHONHOME
# The tests of a file share a portal, so one process runs the whole file.
A_LA_VEZ = -n 2 --dist loadfile --no-loadscope-reorder
# Tests write to memory where there is room: their files need not survive a power cut.
EN_MEMORIA = $(shell test -w /dev/shm && test "$$(df -Pm /dev/shm | awk 'NR == 2 { print $$4 }')" -gt 3000 && echo env TMPDIR=/dev/shm)

ayuda:
	@echo 'make run     prepara lo que falte e inicia el portal de demostración en http://127.0.0.1:8000 (PUERTO=otro)'
	@echo 'make instalar  prepara lo que falte para producción: sin base de datos y sin demostración'
	@echo 'make test    prepara lo que falte y corre todas las pruebas (ARGS="-k nss" para elegir)'
	@echo 'make caos    mata, apaga y llena lo que puede mientras se atiende, y cuenta lo que se rompió'
	@echo 'make bench    mide los documentos y la carga de alumnos junto a otras bibliotecas, e imprime las razones'
	@echo 'make capturas  dibuja todas las pantallas, correos y documentos en var/capturas/, y las pocas de docs/capturas/'
	@echo 'make mutantes  planta faltas, de una en una, y comprueba que las pruebas las notan (ARGS="sello" para elegir)'
	@echo 'make check   formato, estilo, tipos, migraciones, despliegue y pruebas en SQLite y PostgreSQL (check-largo: todas en los dos)'

# The caller may ask for the demonstration in their own database; `run` sets DEMO=1 in any case.
run: export DEMO_PEDIDA := $(DEMO)
run: export DEBUG =
run: export DEMO = 1
run: export ALLOWED_HOSTS ?= 127.0.0.1,localhost,[::1]
run: export URL_PUBLICA ?= http://127.0.0.1:$(PUERTO)
run:
	@bin/setup run
	@SECRET_KEY="$$(cat "$${VAR_DIR:-var}/secreto")" exec $(PYTHON) manage.py iniciar --puerto $(PUERTO) --con-el-padre $$PPID

instalar:
	@bin/setup instalar

test:
	@bin/setup test
	@$(EN_MEMORIA) $(PYTHON) -m pytest $(A_LA_VEZ) $(ARGS)

caos:
	@bin/setup test
	$(titulo) 'Caos en SQLite'
	@env -u DATABASE_URL $(PYTHON) -m tests.procesos.caos
	$(titulo) 'Caos en PostgreSQL'
	@bin/con_postgres $(PYTHON) -m tests.procesos.caos

bench:
	@bin/setup bench
	$(titulo) 'Documentos'
	@$(PYTHON) -m bench.documentos $(DOCUMENTOS)
	$(titulo) 'Carga de alumnos'
	@$(PYTHON) -m bench.inscripciones $(ARGS)
	$(titulo) 'Lighthouse'
	@$(PYTHON) -m bench.faro

capturas:
	@bin/setup test
	@env -u DATABASE_URL $(PYTHON) -m pytest -q tests/navegador/capturas.py

# The variables of a production server; these checks open no database and send no mail.
PRODUCCION = env -u DEBUG -u DEMO URL_PUBLICA=https://portal.example.mx ALLOWED_HOSTS=portal.example.mx \
	DATABASE_URL=sqlite://:memory: EMAIL_URL=smtp+tls://correo.example.mx \
	SELLO_CLAVE=$${VAR_DIR:-var}/sello/emisor.pem SELLO_CERTIFICADO=$${VAR_DIR:-var}/sello/emisor.pem \
	SECRET_KEY="$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(64))')"
titulo = @printf '\n== %s\n'

# On PostgreSQL, only tests whose result SQL, locks or migrations can change (tests/motores.py).
EN_POSTGRES = -m motores
check:
	@bin/setup test
	$(titulo) 'Formato'
	@$(PYTHON) -m ruff format --check .
	$(titulo) 'Estilo'
	@$(PYTHON) -m ruff check .
	$(titulo) 'Plantillas'
	@.venv/bin/djangofmt --check templates
	@! LC_ALL=C.UTF-8 grep -rnE '^.{121}' templates
	$(titulo) 'JavaScript y shell'
	@.venv/bin/oxlint --deny-warnings static
	@.venv/bin/shellcheck .ci/run bin/con_postgres bin/setup bin/voz docs/api.sh
	$(titulo) 'Tipos'
	@$(PRODUCCION) $(PYTHON) -m mypy .
	$(titulo) 'Migraciones'
	@$(PRODUCCION) $(PYTHON) manage.py makemigrations --check --dry-run
	$(titulo) 'Despliegue'
	@$(PRODUCCION) $(PYTHON) manage.py check --deploy --fail-level WARNING
	$(titulo) 'Pruebas en SQLite'
	@env -u DATABASE_URL $(EN_MEMORIA) $(PYTHON) -m pytest $(A_LA_VEZ) $(ARGS)
	$(titulo) 'Pruebas en PostgreSQL'
	@$(EN_MEMORIA) bin/con_postgres $(PYTHON) -m pytest $(A_LA_VEZ) $(EN_POSTGRES) $(ARGS)
	@printf '\nTodo bien.\n'

# Whether the tests notice: faults planted one at a time (tests/mutantes.py).
mutantes:
	@bin/setup test
	@$(EN_MEMORIA) bin/con_postgres $(PYTHON) -m tests.mutantes $(ARGS)

# Everything on both databases.
check-largo:
	@$(MAKE) --no-print-directory check EN_POSTGRES=
