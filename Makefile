# b24: `make demo` and `make test` are all a newcomer needs; `make help` lists the rest.

LUA        ?= $(firstword $(INTERPRETERS) lua)
CC         ?= cc
PKG_CONFIG ?= pkg-config
PREFIX     ?= /usr/local
CFLAGS     ?= -O2 -g
CPPFLAGS   ?=
CURL       ?= 1
VARIANT    ?=

# What a fork sets: where people clone and download ("": nowhere yet), and who answers for the packages.
REPOSITORY :=
MAINTAINER := b24 authors <b24@localhost.localdomain>

INTERPRETERS := $(shell scripts/luas.sh)
ROOT         := $(CURDIR)

# ---- what this Lua needs
ABI        := $(shell $(LUA) -e 'io.write(_VERSION:match("%d%.%d"))' 2>/dev/null)
# The name of its pkg-config file; Fedora and Arch call that of their main Lua lua.
PLAIN_PC    = $(if $(filter $(ABI) $(ABI).%,$(shell $(PKG_CONFIG) --modversion lua 2>/dev/null)),lua)
LUA_PC     ?= $(firstword $(foreach p,lua$(ABI) lua-$(ABI) lua$(subst .,,$(ABI)) $(if $(filter 5.1,$(ABI)),luajit),\
                $(shell $(PKG_CONFIG) --exists $(p) 2>/dev/null && echo $(p))) $(PLAIN_PC))
LUA_INCDIR ?= $(patsubst -I%,%,$(filter -I%,$(if $(LUA_PC),$(shell $(PKG_CONFIG) --cflags $(LUA_PC)))))
OUT        := build/$(ABI)$(VARIANT)
# What does not know Lua is compiled once for all of them.
ANY_LUA    := build/obj$(VARIANT)

# ---- flags
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla -Wundef
ALL_CFLAGS = -std=c11 $(WARN) -Isrc -fPIC $(DIRECT) -fvisibility=hidden $(CJSON_CFLAGS) $(CURL_CFLAGS) $(SAN) $(CPPFLAGS) $(CFLAGS) $(SAME_BYTES)
LUA_CFLAGS = $(addprefix -I,$(LUA_INCDIR))
# The folder of the build is not part of what is built.
SAME_BYTES := -ffile-prefix-map=$(ROOT)=.
ifeq ($(shell uname -s),Darwin)
LIBFLAG ?= -bundle -undefined dynamic_lookup
else
LIBFLAG ?= -shared -Wl,-z,nodelete -Wl,-z,now
# Lua binds all symbols when it loads a module: calls need no stub that would do it later.
DIRECT  := -fno-plt
endif
CJSON_CFLAGS = $(shell $(PKG_CONFIG) --cflags libcjson 2>/dev/null)
CJSON_LIBS   = $(or $(shell $(PKG_CONFIG) --libs libcjson 2>/dev/null),-lcjson)
CURL_CFLAGS  = $(shell $(PKG_CONFIG) --cflags libcurl 2>/dev/null)
CURL_LIBS    = $(or $(shell $(PKG_CONFIG) --libs libcurl 2>/dev/null),-lcurl)
SYSTEM_LIBS  = -lpthread $(if $(filter Linux,$(shell uname -s)),-ldl)

# V=1 shows the compiler's lines, make -s nothing.
V      ?=
QUIET  := $(if $(V),,@)
SILENT := $(findstring s,$(firstword -$(MAKEFLAGS)))
tell    = $(if $(V)$(SILENT),,@echo "  $(1) $@")

# ---- files; what knows libcurl is in src/curl, and in these of the binding: only b24.core has them
NEED_CURL := curl/% lua/core lua/engine
SOURCES   := $(patsubst src/%.c,%,$(wildcard src/*/*.c))
objects    = $(patsubst %,$(OUT)/obj/%.o,$(filter lua/%,$(1))) $(patsubst %,$(ANY_LUA)/%.o,$(filter-out lua/%,$(1)))
CORE_OBJ  := $(call objects,$(filter-out lua/codec_open,$(SOURCES)))
CODEC_OBJ := $(call objects,$(filter-out $(NEED_CURL),$(SOURCES)))
MODULES   := $(OUT)/b24/codec.so $(if $(filter 1,$(CURL)),$(OUT)/b24/core.so)

LUA_PATH_HERE  := $(ROOT)/lua/?.lua;$(ROOT)/lua/?/init.lua;;
LUA_CPATH_HERE := $(ROOT)/$(OUT)/?.so;;

.DEFAULT_GOAL := all

all: ## build for every installed Lua (with LUA=lua5.4: only for that one)
ifeq ($(origin LUA),file)
	@test -n "$(INTERPRETERS)" || { echo "b24: no Lua found; 'make deps' installs what is needed" >&2; exit 1; }
	@for l in $(INTERPRETERS); do $(MAKE) --no-print-directory module LUA=$$l || exit 1; done
else
	@$(MAKE) --no-print-directory module
endif

module: can-build $(MODULES)

can-build:
	@test -n "$(ABI)" || { echo "b24: cannot run '$(LUA)'; name an interpreter with LUA=, or run 'make deps'" >&2; exit 1; }
	@test -n "$(LUA_INCDIR)" || test -n "$(LUA_PC)" || { echo "b24: no headers for Lua $(ABI); install them (Debian:" \
	  "$(if $(filter 5.1,$(ABI)),liblua5.1-0-dev,liblua$(ABI)-dev)), or pass LUA_INCDIR=" >&2; exit 1; }

# -MMD: each object remembers the headers that it was made of.
define compile
@mkdir -p $(@D)
$(call tell,CC  )
$(QUIET)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
endef

$(OUT)/obj/%.o: ALL_CFLAGS += $(LUA_CFLAGS)
$(OUT)/obj/%.o: src/%.c Makefile
	$(compile)

$(ANY_LUA)/%.o: src/%.c Makefile
	$(compile)

-include $(CORE_OBJ:.o=.d) $(OUT)/obj/lua/codec_open.d

$(OUT)/b24/core.so: $(CORE_OBJ)
	@mkdir -p $(@D)
	$(call tell,LINK)
	$(QUIET)$(CC) $(LIBFLAG) $(SAN) $(LDFLAGS) -o $@ $(CORE_OBJ) $(CURL_LIBS) $(CJSON_LIBS) $(SYSTEM_LIBS)

$(OUT)/b24/codec.so: $(CODEC_OBJ)
	@mkdir -p $(@D)
	$(call tell,LINK)
	$(QUIET)$(CC) $(LIBFLAG) $(SAN) $(LDFLAGS) -o $@ $(CODEC_OBJ) $(CJSON_LIBS) $(SYSTEM_LIBS)

# Process tricks for the specs (fork, kill, clocks), which no Debian package has for every Lua.
$(OUT)/b24_posix.so: spec/support/posix.c Makefile
	@mkdir -p $(@D)
	$(call tell,LINK)
	$(QUIET)$(CC) $(ALL_CFLAGS) $(LUA_CFLAGS) $(LIBFLAG) $(LDFLAGS) -o $@ $<

spec-module: module $(OUT)/b24_posix.so

env: ## print the exports that make `require "b24"` work from anywhere (LUA=)
	@$(MAKE) --no-print-directory module LUA=$(LUA) >&2
	@printf "export LUA_PATH='%s' LUA_CPATH='%s'\n" '$(LUA_PATH_HERE)' '$(LUA_CPATH_HERE)'

# Where things go; the names are LuaRocks'. DESTDIR= is put before them, as packagers want.
PREFIX_DIR  := $(abspath $(PREFIX))
INST_LUADIR ?= $(PREFIX_DIR)/share/lua/$(ABI)
INST_LIBDIR ?= $(PREFIX_DIR)/lib/lua/$(ABI)
INST_BINDIR ?= $(PREFIX_DIR)/bin
INST_SHARE  ?= $(PREFIX_DIR)/share

install uninstall: export LUA_DIR = $(DESTDIR)$(INST_LUADIR)
install uninstall: export LIB_DIR = $(DESTDIR)$(INST_LIBDIR)
install uninstall: export BIN_DIR = $(DESTDIR)$(INST_BINDIR)
install uninstall: export SHARE_DIR = $(DESTDIR)$(INST_SHARE)

install: module ## install for LUA= into PREFIX= (CURL=0: only the codec; DESTDIR=, INST_LIBDIR=, INST_LUADIR=)
	@LUA_PATH='$(LUA_PATH_HERE)' LUA_CPATH='$(LUA_CPATH_HERE)' COMMAND='$(COMMAND)' \
	  scripts/install.sh '$(LUA)' '$(INST_LUADIR)' '$(INST_LIBDIR)' $(MODULES)

uninstall: ## remove what install puts there, for LUA= from PREFIX=
	@scripts/install.sh --remove '$(LUA)'

# Neovim finds lua/b24/*.so of the plugin's folder by itself. Any 5.1 or LuaJIT headers will do: the ABI is the same.
NVIM_OUT ?= build/nvim
NVIM_DIR ?= lua/b24

nvim: ## build the plugin for Neovim, in this folder
	@$(MAKE) --no-print-directory module ABI=5.1 OUT=$(NVIM_OUT)
	install -m 755 $(NVIM_OUT)/b24/codec.so $(NVIM_OUT)/b24/core.so $(NVIM_DIR)/
	@scripts/helptags.sh doc

deps: ## install what building and the specs need (on Debian; elsewhere list it)
	@scripts/deps.sh build

demo: deps ## show the counters of a mock portal, over TLS
	@scripts/demo.sh

demo-openresty: ## a page with live badges in a real nginx, against a mock portal
	@scripts/demo_openresty.sh

picture: ## recreate doc/openresty*.png, the page of demo-openresty: light, dark, small
	@scripts/demo_openresty.sh --picture doc/openresty

debian: ## run demo and specs in a chroot of RELEASE=trixie (bullseye, testing; LUAS= SPECS= shorten it)
	@RELEASE='$(RELEASE)' LUAS='$(LUAS)' SPECS='$(SPECS)' scripts/debian.sh

picture-bench: ## recreate doc/peers.svg, b24 beside other clients
	@BENCH_ONLY=peers $(MAKE) -s bench && cp build/bench/peers.svg doc/peers.svg

picture-inbox: ## recreate doc/inbox.svg and doc/inbox-120.svg, the inbox in terminals of 80 and of 120 columns
	@scripts/picture_inbox.sh doc/inbox.svg
	@scripts/picture_inbox.sh doc/inbox-120.svg 120

picture-live: ## recreate doc/live.svg, a message left in one pane and told in the other
	@scripts/picture_live.sh doc/live.svg

picture-awesome: ## recreate doc/awesome.png, the widget in a real AwesomeWM
	@scripts/picture_awesome.sh doc/awesome.png

picture-nvim: ## recreate doc/neovim.svg, the inbox in a real Neovim
	@scripts/picture_nvim.sh doc/neovim.svg

dist: ## the release: tarball, rockspec, source rock and recipes, in build/dist
	@scripts/dist.sh

deb: ## Debian packages of the last commit, in build/deb
	@scripts/deb.sh

deb-try: ## install, run and purge the packages of build/deb in a clean chroot of RELEASE=trixie
	@RELEASE='$(RELEASE)' scripts/deb_try.sh

foreign: deps ## run clients of Bitrix24 that we did not write against the mock portal (needs node)
	@scripts/foreign.sh

portal: deps ## run the mock portal by hand
	@luajit lua/b24/mock/main.lua --print

test: deps ## run all specs on every Lua (SPECS=spec/x_spec.lua: only these)
	@scripts/test.sh $(SPECS)

check: deps ## run the specs that need no socket, only on LUA=; takes seconds
	@B24_TEST_LUA='$(LUA)' scripts/test.sh --without-sockets $(SPECS)

lint asan tsan valgrind oom fuzz coverage bench nvim-bench rock: ## as named; each reports what it measured (fuzz: FUZZ_SECONDS=)
	@scripts/$@.sh $(if $(filter fuzz,$@),$(FUZZ_SECONDS))

docs: ## write what is generated from the sources: doc/conf.md, doc/reference.md, types.lua, :help, llms.txt
	@$(LUA) scripts/docs.lua

clean: ## remove what was built
	rm -rf build lua/b24/codec.so lua/b24/core.so doc/tags

help: ## this list
	@sed -n 's/^\([a-z][a-z -]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 46

.PHONY: all nvim nvim-bench module can-build check env install deps demo demo-openresty picture picture-bench picture-inbox picture-live picture-nvim foreign portal test lint asan oom bench valgrind fuzz coverage rock tsan debian docs clean help spec-module
