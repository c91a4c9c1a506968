--- The command line of a status bar, read without argparse, which takes longer to load than all
--- else takes together. Only what is plain and right: for anything else, argparse has the words.

local text = require "b24.cli.text"

local quick = {}

-- Of the command counters, which b24 without a command is: the same as in parser.define_common and
-- command/counters.define.
local FLAGS = { ["--json"] = "json", ["--stale-ok"] = "stale_ok" }
local OPTIONS = {
  ["--format"] = { "format" },
  ["--max-age"] = { "max_age", text.seconds },
  ["--warn"] = { "warn", tonumber },
  ["--crit"] = { "crit", tonumber },
  ["--timeout"] = { "timeout", text.seconds },
  ["--profile"] = { "profile" },
  ["-p"] = { "profile" },
  ["--ca-file"] = { "ca_file" },
  ["--proxy"] = { "proxy" },
}

-- The name and value of an option, and where the next one is; nil: this is for argparse.
local function option(argv, i)
  local word = argv[i]
  local name, value = word:match "^(%-%-[%l-]+)=(.*)$"
  if name then return name, value, i + 1 end
  value = argv[i + 1]
  if value and value:sub(1, 1) ~= "-" then return word, value, i + 2 end
end

---@param argv string[]
---@return table? args as argparse would return them; nil: it has to look
function quick.parse(argv)
  local args, i = {}, 1
  if argv[1] == "counters" then args.command, args.counters, i = "counters", true, 2 end
  while i <= #argv do
    local key, value, next_one = FLAGS[argv[i]], true, i + 1
    if not key then
      local name
      name, value, next_one = option(argv, i)
      local row = OPTIONS[name]
      if not row or value == "" then return nil end
      key = row[1]
      if row[2] then value = row[2](value) end
    end
    if value == nil or args[key] ~= nil then return nil end
    args[key], i = value, next_one
  end
  if args.json and args.format then return nil end
  return args
end

return quick
