-- What the pages promise is true: the examples run, the links lead somewhere, versions and file
-- lists agree.
-- One Lua of each kind: processes.

local b24 = require "b24"
local data = require "spec.support.data"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local ROOT = debug.getinfo(1, "S").source:match "^@(.*)spec/readme_spec%.lua$" or ""
local FIXTURE = "counters/02-doc-legacy-lines-object.json"

local function page(name)
  return assert(process.read(ROOT .. name), name)
end

local function lua_blocks(name)
  local blocks = {}
  for block in ("\n" .. page(name)):gmatch "\n```lua\n(.-)\n```" do blocks[#blocks + 1] = block end
  return blocks
end

-- What the comments behind a block's print calls say that it prints: "words: first line / second
-- line".
local function promised(block)
  local lines = {}
  for line in block:gmatch "[^\n]+" do
    local comment = line:match "print%(.*%-%- +(.*)$"
    if comment then
      for item in (comment:match ".*: (.*)$" or comment):gmatch "[^/]+" do
        lines[#lines + 1] = item:match "^%s*(.-)%s*$"
      end
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

-- The sorted lines that a shell command prints at the top of the project.
local function names(command)
  local list = {}
  for name in data.shell("cd ./" .. data.quote(ROOT) .. " && " .. command):gmatch "[^\n]+" do
    list[#list + 1] = name
  end
  table.sort(list)
  return list
end

local function sorted(list)
  table.sort(list)
  return list
end

-- Whose examples run: all of them.
local PAGES = names "ls README*.md llms.txt doc/*.md doc/ru/*.md"

-- As GitHub makes it from a heading. Lua's own lower knows no Cyrillic.
local function slug(heading)
  local small = heading:lower():gsub("\208([\144-\159])", function(c)
    return "\208" .. string.char(c:byte() + 32)
  end):gsub("\208([\160-\175])", function(c)
    return "\209" .. string.char(c:byte() - 32)
  end)
  return (small:gsub("[^%w%s_\128-\255-]", ""):gsub("%s", "-"))
end

local function anchors(text)
  local set = {}
  for heading in ("\n" .. text):gmatch "\n#+%s+([^\n]+)" do set[slug(heading)] = true end
  return set
end

describe("the example", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)

  local function run(source)
    return process.run(source, { B24_WEBHOOK = portal.http_webhook, B24_ALLOW_HTTP = "1" })
  end

  local function lacks_luv(block)
    return block:find 'require "luv"' and not pcall(require, "luv")
  end

  for _, name in ipairs(PAGES) do
    for number, block in ipairs(lua_blocks(name)) do
      it(number .. " of " .. name .. " runs as a script of its own", function()
        if lacks_luv(block) then return pending "luv is not installed for this Lua" end
        local status, out, err = run(block)
        assert.same({ 0, "" }, { status, err })
        assert.truthy(#out > 0)
      end)
    end
  end

  for _, name in ipairs { "README.md", "README.ru.md" } do
    it("that comes first in " .. name .. " prints exactly what its comments say", function()
      portal:control("reply", { method = "im.counters.get", body = data.read(FIXTURE) })
      local block = lua_blocks(name)[1]
      local status, out, err = run(block)
      assert.same({ 0, "" }, { status, err })
      assert.equal("5\n1 3\n5 1\nchat18 1\n5 1 1\n5 = 5 messages\n", promised(block))
      assert.equal(promised(block), (out:gsub("\t", " ")))
    end)
  end

  it("of each page says what is wrong with a credential, and does not show it", function()
    local env = { B24_WEBHOOK = portal.http_webhook:gsub(portal.secret, "wrongSecret"),
      B24_ALLOW_HTTP = "1", PORTAL = "localhost:" .. portal.https_port, TOKEN = "wrongSecret" }
    for _, name in ipairs(PAGES) do
      for _, block in ipairs(lua_blocks(name)) do
        -- without luv: said above; and an example with a portal of its own has its webhook
        if not lacks_luv(block) and not block:find 'require "b24.mock"' then
          local status, out, err = process.run(block, env)
          assert.truthy((out .. err):find(block:find "TOKEN" and "b24: CERTIFICATE_UNTRUSTED: "
            or "b24: INVALID_CREDENTIALS: ", 1, true), block)
          assert.is_nil((out .. err):find("wrongSecret", 1, true))
          assert.is_true(status == 0 or status == 1)
        end
      end
    end
  end)
end)

describe("a page in Russian", function()
  -- Without comments: those are for people.
  local function programs(name)
    local list = {}
    for kind, block in ("\n" .. page(name)):gmatch "\n *```(%a+)\n(.-)\n *```" do
      if kind ~= "sh" then list[#list + 1] = kind .. "\n" .. block:gsub(" *%-%- [^\n]*", "") end
    end
    return list
  end

  for _, name in ipairs { "README.ru.md", "doc/ru/im.counters.get.md" } do
    it(name .. " has the same programs as the one in English", function()
      local english = name:gsub("%.ru%.md$", ".md"):gsub("/ru/", "/")
      assert.is_true(#programs(name) > 0)
      assert.same(programs(english), programs(name))
    end)
  end
end)

describe("a link", function()
  for _, name in ipairs(names "ls *.md llms.txt examples/*.md doc/*.md doc/ru/*.md") do
    it("of " .. name .. " leads somewhere", function()
      local text, folder = page(name), name:match "^(.*/)" or ""
      local prose = text:gsub("\n```.-\n```", "")
      for link in prose:gmatch "%]%(([^)%s]+)%)" do
        if not link:find "^%a+:" then
          local path, anchor = link:match "^([^#]*)#?(.*)$"
          local target = path == "" and text or process.read(ROOT .. folder .. path)
          assert.truthy(target or io.open(ROOT .. folder .. path), name .. " -> " .. link)
          if anchor ~= "" then assert.truthy(anchors(target)[anchor], name .. " -> " .. link) end
        end
      end
    end)
  end
end)

describe("one version", function()
  it("is in the module, the header, the manual, a rockspec and the changelog", function()
    local header = page "src/base/common.h":match '#define B24_VERSION "([^"]+)"'
    assert.equal(header, b24._VERSION)
    assert.equal(header, page "CHANGELOG.md":match "\n## %[?v?([%d.]+)")
    local date, version = page "doc/b24.1":match '^%.TH B24 1 "([%d-]+)" "b24 ([%d.]+)"'
    assert.equal(header, version)
    assert.equal(date, page "CHANGELOG.md":match("\n## %[" .. version .. "%] %- ([%d-]+)\n"))
  end)
end)

describe("what is made of src/rest/conf_options.h", function()
  for name, text in pairs(dofile(ROOT .. "scripts/conf_table.lua").files(ROOT)) do
    it("is up to date in " .. name .. " (else: make docs)", function()
      assert.equal(text.should, text.is)
    end)
  end
end)

describe("the release's rockspec", function()
  for name, text in pairs(dofile(ROOT .. "scripts/release_rockspec.lua").files(ROOT)) do
    it(name .. " is up to date (else: make docs)", function()
      assert.equal(text.should, text.is)
      assert.same({ name, "b24-scm-0.rockspec" }, names "ls *.rockspec")
    end)
  end
end)

describe("the rock", function()
  local spec = {}
  setup(function()
    local chunk = assert(loadstring or load)(page "b24-scm-0.rockspec")
    if setfenv then
      setfenv(chunk, spec)
    else
      chunk = assert(load(page "b24-scm-0.rockspec", "rockspec", "t", spec))
    end
    chunk()
  end)

  -- The C files of a module by the Makefile's rule.
  local function expected(left_out)
    local list = {}
    for _, path in ipairs(names "ls src/*/*.c") do
      if not left_out(path:match "src/(.*)%.c") then list[#list + 1] = path end
    end
    return list
  end

  it("builds each C module from the files that the Makefile takes", function()
    local patterns = {}
    for name in page "Makefile":match "\nNEED_CURL := ([^\n]*)":gmatch "%S+" do
      patterns[#patterns + 1] = "^" .. name:gsub("%%", ".*") .. "$"
    end
    assert.is_true(#patterns > 1)
    local function needs_curl(name)
      for _, pattern in ipairs(patterns) do
        if name:find(pattern) then return true end
      end
    end
    assert.same(expected(needs_curl), sorted(spec.build.modules["b24.codec"].sources))
    assert.same(expected(function(name)
      return name == "lua/codec_open"
    end), sorted(spec.build.modules["b24.core"].sources))
  end)

  it("installs each Lua file under its name, and nothing else", function()
    local modules = {}
    for _, path in ipairs(names "find lua -name '*.lua'") do
      local module = path:match "lua/(.*)%.lua":gsub("/init$", ""):gsub("/", ".")
      modules[module] = path
    end
    modules["b24.codec"], modules["b24.core"] = spec.build.modules["b24.codec"],
      spec.build.modules["b24.core"]
    assert.same(modules, spec.build.modules)
  end)

  it("brings the folders that it names", function()
    for _, folder in ipairs(spec.build.copy_directories or {}) do
      assert.truthy(names("ls " .. folder)[1])
    end
  end)
end)
