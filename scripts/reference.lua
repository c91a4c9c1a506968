--- Writes doc/reference.md, the API's part of llms.txt and that of Neovim's help from the LuaLS
--- annotations in the sources. `make docs` does it (scripts/docs.lua); spec/reference_spec.lua
--- fails when it has not been run, or when a public function has no annotation.

local reference = {}

-- The functions for users: what they are called here and in the source, and where that is.
local SECTIONS = {
  { title = "b24", call = "b24.", name = "b24.", file = "lua/b24/init.lua",
    text = '`local b24 = require "b24"`' },
  { title = "client", call = "client:", name = "Client:", file = "lua/b24/client.lua",
    text = "What `b24.client` returns. Every call also takes a callback as its last argument, "
      .. "where the program has an event loop." },
  { title = "task", call = "task:", name = "Task:", file = "lua/b24/wait/task.lua",
    text = "What a call with a callback returns, and `b24.run` in an event loop." },
  { title = "watch", call = "watch:", name = "Watching:", file = "lua/b24/api/watch.lua",
    text = "What `client:watch` returns." },
  { title = "OpenResty", call = "resty_b24.", name = "resty.", file = "lua/b24/nginx/poll.lua",
    text = '`local resty_b24 = require "resty.b24"`: all of `b24`, and:' },
  { title = "Neovim", call = "nvim.", name = "nvim.", file = "lua/b24/nvim.lua",
    text = '`local nvim = require "b24.nvim"`' },
  { title = "The mock portal", call = "mock.", name = "mock.", file = "lua/b24/mock.lua",
    text = '`local mock = require "b24.mock"`' },
  { call = "portal:", name = "Portal:", file = "lua/b24/mock.lua",
    text = "What `mock.start` returns:" },
}

-- Where the types are that these functions name.
local TYPES = { "lua/b24/types.lua", "lua/b24/api/watch.lua", "lua/b24/api/live.lua",
  "lua/b24/nginx/event.lua", "lua/b24/nvim/options.lua", "lua/b24/nvim/state.lua",
  "lua/b24/mock.lua" }

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

-- ---------------------------------------------------------- annotations

-- "fun(a: b): c? words" -> "fun(a: b): c?", "words". A type has blanks only within brackets and
-- behind a colon, a comma or a bar.
local function split_type(text)
  local depth = 0
  for i = 1, #text do
    local c = text:sub(i, i)
    if c:find "[%(%[{<]" then depth = depth + 1 elseif c:find "[%)%]}>]" then depth = depth - 1 end
    if c == " " and depth == 0 and not text:sub(i - 1, i - 1):find "[:,|]" then
      return text:sub(1, i - 1), text:sub(i + 1)
    end
  end
  return text, ""
end

local function add(text, more) return text == "" and more or text .. " " .. more end

-- What a tag begins; the lines that follow go on with its `doc`.
local TAGS = {}

function TAGS.param(block, rest)
  local name, more = rest:match "^(%S+) (.*)$"
  local kind, doc = split_type(more)
  block.params[#block.params + 1] = { name = name, type = kind, doc = doc }
  return block.params[#block.params]
end

TAGS["return"] = function(block, rest)
  local kind, more = split_type(rest)
  local name, doc = more:match "^(%S+) ?(.*)$"
  block.returns[#block.returns + 1] = { name = name, type = kind, doc = doc or "" }
  return block.returns[#block.returns]
end

-- Words before a field are the field's own, as the language server takes them.
function TAGS.field(block, rest)
  local name, more = rest:match "^(%S+) (.*)$"
  local kind, doc = split_type(more)
  if name ~= "package" then
    block.fields[#block.fields + 1] = { name = name, type = kind, doc = add(block.before, doc) }
  end
  block.before = ""
  return nil
end

function TAGS.class(block, rest)
  local name, doc = rest:match "^([%w._]+) ?(.*)$"
  local parent = doc:match "^: ?(%S+)"
  doc = doc:gsub("^: ?%S+ ?", ""):gsub("^:", "")
  block.class, block.parent, block.doc = name, parent, add(block.before, doc)
  block.before = ""
  return nil
end

function TAGS.alias(block, rest)
  local name, more = rest:match "^(%S+) ?(.*)$"
  local kind, doc = split_type(more)
  block.alias = { name = name, type = kind, doc = doc }
  return block.alias
end

function TAGS.package(block) block.private = true end
function TAGS.private(block) block.private = true end
function TAGS.type(block, rest) block.type = rest end

local function new_block() return { before = "", params = {}, returns = {}, fields = {} } end

-- One line of an annotation. Returns what the next line goes on with.
local function take(block, at, line)
  local tag, rest = line:match "^%s*%-%-%-@(%a+) ?(.*)$"
  if tag then
    if not TAGS[tag] then return nil end
    return TAGS[tag](block, rest)
  end
  local choice = line:match "^%s*%-%-%-| (.*)$"
  if choice then
    block.alias.type = block.alias.type == "" and choice or block.alias.type .. choice
    return at
  end
  local words = line:match "^%s*%-%-%- ?(.*)$"
  if at then
    at.doc = add(at.doc, words)
  else
    block.before = words == "" and block.before .. "\n\n" or add(block.before, words)
  end
  return at
end

--- The annotations of a source, each with the line of code under it.
---@param text string
---@return table[] blocks {code=, before=, params=, returns=, fields=, class=, alias=, …}
function reference.blocks(text)
  local list, block, at = {}, nil, nil
  for line in (text .. "\n"):gmatch "(.-)\n" do
    if line:find "^%s*%-%-%-" then
      -- a class ends where the next one begins
      if block and block.class and line:find "^%-%-%-@class" then
        list[#list + 1], block, at = block, nil, nil
      end
      block = block or new_block()
      at = take(block, at, line)
    elseif block then
      block.code = line
      list[#list + 1], block, at = block, nil, nil
    elseif line:find "^function " then
      list[#list + 1] = new_block()
      list[#list].code = line
    end
  end
  return list
end

-- ---------------------------------------------------------- what is for users

-- The name and arguments of a block's function in a section; nil: it is none of its.
local function heading(section, block)
  local name, arguments = (block.code or ""):match("^function "
    .. section.name:gsub("%.", "%%.") .. "([%l_]+)%((.-)%)")
  if name then
    local optional = {}
    for _, p in ipairs(block.params) do
      local bare = p.name:match "^(.*)%?$"
      if bare then optional[bare] = true end
    end
    return name, (arguments:gsub("[%w_]+", function(word)
      return optional[word] and word .. "?" or word
    end))
  end
  local field = block.type and (block.code or ""):match "^  ([%l_]+) = codec%."
  if not field then return nil end
  return field, (block.type:match "^fun(%b())" or "()"):sub(2, -2):gsub(": [%w._|<>%[%]?]+", "")
end

--- The functions of each section, in the order of the source.
---@param root string top folder, "" or with a slash at its end
---@return table[] sections {title=, text=, functions={{name=, heading=, block=}, …}}
function reference.sections(root)
  local all = {}
  for _, section in ipairs(SECTIONS) do
    local one = { title = section.title, text = section.text, call = section.call, functions = {} }
    for _, block in ipairs(reference.blocks(read(root .. section.file))) do
      local name, arguments = heading(section, block)
      if name and not block.private and not name:find "^__" then
        one.functions[#one.functions + 1] = { name = name, block = block,
          heading = ("%s%s(%s)"):format(section.call, name, arguments) }
      end
    end
    all[#all + 1] = one
  end
  return all
end

-- ---------------------------------------------------------- doc/reference.md

local function cell(text) return (text:gsub("\n+", " "):gsub("|", "\\|")) end

local function markdown_function(out, one)
  local block = one.block
  out[#out + 1] = ("### %s\n\n%s\n"):format(one.heading, block.before)
  if block.type then out[#out + 1] = ("`%s`\n"):format(block.type) end
  for _, p in ipairs(block.params) do
    out[#out + 1] = ("- `%s` `%s` %s"):format(p.name, p.type, p.doc):gsub("%s+$", "")
  end
  for _, r in ipairs(block.returns) do
    out[#out + 1] = ("- returns %s`%s` %s"):format(r.name and r.name ~= "" and "`" .. r.name .. "` "
      or "", r.type, r.doc or ""):gsub("%s+$", "")
  end
  if #block.params + #block.returns > 0 then out[#out + 1] = "" end
end

local function markdown_class(out, block)
  out[#out + 1] = ("### %s\n"):format(block.class)
  local doc = block.doc
  if block.parent then doc = add(("Also `%s`."):format(block.parent), doc) end
  if doc ~= "" then out[#out + 1] = doc .. "\n" end
  out[#out + 1] = "| field | type | |\n| --- | --- | --- |"
  for _, f in ipairs(block.fields) do
    out[#out + 1] = ("| `%s` | `%s` | %s |"):format(f.name, cell(f.type), cell(f.doc))
  end
  out[#out + 1] = ""
end

local function markdown(root)
  local out = { "# Reference\n", "All functions and types, from the annotations in the sources by "
    .. "`make docs`. In prose, with examples: [calls](calls.md). The options of conf: "
    .. "[conf](conf.md); codes of errors: [errors](errors.md); the command: `man b24`.\n" }
  for _, section in ipairs(reference.sections(root)) do
    if section.title then out[#out + 1] = ("## %s\n"):format(section.title) end
    out[#out + 1] = section.text .. "\n"
    for _, one in ipairs(section.functions) do markdown_function(out, one) end
  end
  out[#out + 1] = "## Types\n\n`?` behind a name or a type: it may be nil.\n"
  for _, file in ipairs(TYPES) do
    for _, block in ipairs(reference.blocks(read(root .. file))) do
      if block.class and #block.fields > 0 then
        markdown_class(out, block)
      elseif block.alias then
        out[#out + 1] = ("### %s\n\n`%s` %s\n"):format(block.alias.name, block.alias.type,
          block.alias.doc)
      end
    end
  end
  return table.concat(out, "\n"):gsub("\n\n\n+", "\n\n"):gsub("%s+$", "") .. "\n"
end

-- ---------------------------------------------------------- llms.txt and :help

local function first_sentence(text)
  return (text:match "^(.-%.)%s" or text:match "^(.-%.)$" or text):gsub("\n", " ")
end

local function returned(block)
  local names = {}
  for _, r in ipairs(block.returns) do
    names[#names + 1] = r.name and r.name ~= "" and r.name or r.type
  end
  return #names > 0 and " -> " .. table.concat(names, ", ") or ""
end

local function brief(root)
  local out = {}
  for _, section in ipairs(reference.sections(root)) do
    if section.title then out[#out + 1] = ("### %s\n"):format(section.title) end
    out[#out + 1] = section.text .. "\n"
    for _, one in ipairs(section.functions) do
      out[#out + 1] = ("- `%s%s`: %s"):format(one.heading, returned(one.block),
        first_sentence(one.block.before))
    end
    out[#out + 1] = ""
  end
  return table.concat(out, "\n")
end

-- Words in lines of at most 78 columns, each after `indent`.
local function fill(text, indent)
  local lines, line = {}, indent
  for word in text:gmatch "%S+" do
    if #line + #word + 1 > 78 and line ~= indent then lines[#lines + 1], line = line, indent end
    line = line == indent and indent .. word or line .. " " .. word
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

local function help(root)
  local out = {}
  for _, section in ipairs(reference.sections(root)) do
    if section.call == "nvim." then
      for _, one in ipairs(section.functions) do
        local tag = ("*b24.nvim.%s()*"):format(one.name)
        out[#out + 1] = (" "):rep(78 - #tag) .. tag
        out[#out + 1] = ('require("b24.nvim").%s%s'):format(one.heading:match "nvim%.(.*)",
          returned(one.block))
        out[#out + 1] = fill(one.block.before, "    ")
      end
    end
  end
  return table.concat(out, "\n") .. "\n"
end

-- ---------------------------------------------------------- the files

local MARKS = {
  ["llms.txt"] = { "<!-- made by scripts/reference.lua -->\n", "<!-- /made -->", brief },
  ["doc/b24.txt"] = { "*b24-functions*\n\n", "\nINBOX ", help },
}

--- The files as they should be.
---@param root string top folder, "" or with a slash at its end
---@return table<string, {is: string, should: string}> files by name
function reference.files(root)
  local there = io.open(root .. "doc/reference.md", "rb")
  if there then there:close() end
  local files = { ["doc/reference.md"] = { should = markdown(root),
    is = there and read(root .. "doc/reference.md") or "" } }
  for name, mark in pairs(MARKS) do
    local text = read(root .. name)
    local _, first = text:find(mark[1], 1, true)
    local last = first and text:find(mark[2], first, true)
    assert(last, name .. " has no marks of scripts/reference.lua")
    files[name] = { is = text, should = text:sub(1, first) .. mark[3](root) .. text:sub(last) }
  end
  return files
end

return reference
