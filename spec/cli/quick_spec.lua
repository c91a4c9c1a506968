-- The short way through the command line (cli/quick.lua) must say what argparse says, or nothing.

local main = require "b24.cli.main"
local quick = require "b24.cli.quick"

local REFUSED = {}

-- What argparse makes of it; REFUSED where it has words for the user.
local function full(argv)
  local parser = main.parser()
  function parser.error() error(REFUSED, 0) end
  local ok, args = pcall(parser.parse, parser, argv)
  return ok and args or REFUSED
end

local WORDS = { "counters", "inbox", "--json", "--format", "tmux", "--format=polybar", "--max-age",
  "1h", "90", "--max-age=5m", "--stale-ok", "--warn", "3", "--crit=7", "--crit", "x", "-p", "work",
  "--profile", "--profile=home", "-pwork", "--timeout", "2s", "--timeout=0", "--ca-file", "/ca.pem",
  "--proxy", "", "--proxy=", "-5", "--", "--help", "--version", "--forma", "{all} = --json" }

local function same(argv)
  local args = quick.parse(argv)
  if args then assert.same(full(argv), args, table.concat(argv, " ")) end
  return args ~= nil
end

describe("a bar's command line", function()
  it("is read without argparse", function()
    for _, line in ipairs { "", "--json", "--format tmux --max-age 1h", "--json -p work",
      "counters --json --stale-ok",
      "--format=tmux --max-age=90 --stale-ok -p work", "--format nagios --warn 3 --crit=7",
      "--profile work --timeout 2s --ca-file /ca.pem --proxy http://p:1 --json" } do
      local argv = {}
      for word in line:gmatch "%S+" do argv[#argv + 1] = word end
      assert.is_true(same(argv), line)
    end
  end)

  it("is left to argparse where something is wrong or unusual", function()
    for _, argv in ipairs { { "--format" }, { "--format", "a", "--format", "b" }, { "inbox" },
      { "--json", "--format", "tmux" }, { "--max-age", "soon" }, { "--warn", "many" }, { "-h" },
      { "--timeout", "-5" }, { "--proxy", "" }, { "--json", "counters" }, { "-pwork" } } do
      assert.is_false(same(argv), table.concat(argv, " "))
    end
  end)

  it("is never read differently", function()
    local read = 0
    for _, first in ipairs(WORDS) do
      if same { first } then read = read + 1 end
      for _, second in ipairs(WORDS) do
        if same { first, second } then read = read + 1 end
      end
    end
    for i = 1, 400 do
      local argv = {}
      for k = 1, 3 + i % 3 do argv[k] = WORDS[(i * (k + 6) * 31 + k * i) % #WORDS + 1] end
      if same(argv) then read = read + 1 end
    end
    assert.is_true(read > 20, "only " .. read)
  end)
end)
