-- Runs real Neovims: `nvim --clean` with this project on its runtimepath, folders of its own, and a
-- script that reports.

local cjson = require "cjson"
local data = require "spec.support.data"
local process = require "spec.support.process"

local nvim = {}

local ROOT = (debug.getinfo(1, "S").source:match "^@(.*)spec/support/nvim%.lua$" or "./")
local PATIENCE = 90 -- seconds for a session

local quote = process.quote

--- Why these specs cannot run here, or nil.
---@return string?
function nvim.missing()
  if data.shell "command -v nvim" == "" then
    return "nvim is not installed (scripts/deps.sh hosts)"
  end
  local version = data.shell "nvim --version":match "NVIM v(%S+)" or "?"
  if version:find "^0%.[0-6]%." then
    return "b24 needs Neovim 0.7.2, and this is " .. version
  end
end

--- The folder of the project, absolute.
function nvim.root()
  return (data.shell("cd " .. quote(ROOT == "" and "." or ROOT) .. " && pwd"):gsub("%s+$", ""))
end

local function variables(opts, dir, report)
  local all = { HOME = dir, XDG_CONFIG_HOME = dir .. "/config", XDG_DATA_HOME = dir .. "/data",
    TERM = "xterm",
    XDG_CACHE_HOME = dir .. "/cache", XDG_STATE_HOME = dir .. "/state", XDG_RUNTIME_DIR = dir,
    PATH = os.getenv "PATH",
    LANG = "C.UTF-8", B24_RUNTIME_DIR = dir .. "/b24", B24_ALLOW_HTTP = "1", REPORT = report,
    LUA_CPATH = package.cpath, ASAN_OPTIONS = os.getenv "ASAN_OPTIONS",
    LD_PRELOAD = os.getenv "LD_PRELOAD" }
  for name, value in pairs(opts.env or {}) do all[name] = value or nil end
  local words = {}
  for name, value in pairs(all) do words[#words + 1] = quote(name .. "=" .. value) end
  return table.concat(words, " ")
end

---@class b24.spec.session
---@field status integer exit status; 124: it hung
---@field report table<string, any> what the script reported
---@field output string
---@field seconds number

--- Runs spec/nvim/NAME.lua in a Neovim. opts: env; dir (kept); terminal: with a screen; root:
--- another plugin folder.
---@param name string
---@param opts table
---@return b24.spec.session
function nvim.run(name, opts)
  local dir, root = opts.dir or data.folder(), nvim.root()
  local report = dir .. "/report.json"
  local command = ("exec timeout %d env -i %s nvim --clean %s --cmd %s -c %s"):format(PATIENCE,
    variables(opts, dir, report),
    opts.terminal and "" or "--headless", quote("set rtp+=" .. (opts.root or root)),
    quote("luafile " .. root .. "/spec/nvim/" .. name .. ".lua"))
  if opts.terminal then command = "script -qec " .. quote(command) .. " /dev/null" end
  process.write(dir .. "/run", command .. "\n")
  local seconds, status = process.timed(os.execute,
    ("sh %s/run >%s/out 2>&1 </dev/null"):format(dir, dir))
  -- LuaJIT's wait status
  if type(status) == "number" and status > 255 then status = status / 256 end
  if status == true then status = 0 end
  local text = process.read(report)
  local session = { status = status, seconds = seconds, output = process.read(dir .. "/out") or "",
    report = text and cjson.decode(text) or {} }
  if not opts.dir then data.remove_folder(dir) end
  return session
end

return nvim
