--- Which program runs this Lua, and may a call block it?

local host = {}

-- Raw, so that strict-globals checkers stay quiet.
local function global(name) return rawget(_G, name) end

--- The program whose single thread must not be blocked, or nil in a plain interpreter. Asked at each call: modules are
--- often loaded in another phase than they are used in.
---@return string?
function host.name()
  local ngx, vim = global "ngx", global "vim"
  if type(ngx) == "table" and ngx.get_phase then return "nginx" end
  if type(vim) == "table" and vim.api and (vim.uv or vim.loop) then return "Neovim" end
  local awesome = global "awesome"
  if type(awesome) == "table" and awesome.connect_signal then return "AwesomeWM" end
  if type(global "hs") == "table" then return "Hammerspoon" end
end

--- The module that carries out blocking calls. Throws, at the caller of the caller, where such a call must not be.
---@param call string how the call looks in the user's program
---@param transport string|false|nil conf.transport: "blocking" allows it everywhere but in nginx
---@param callback any
function host.core(call, transport, callback)
  if callback ~= nil then
    error("b24: a callback needs an event loop, which this version does not drive; call " .. call .. " without one", 3)
  end
  local name = host.name()
  if name == "nginx" then
    if transport == "blocking" then
      error("b24: transport = \"blocking\" would stop an nginx worker for all its requests; leave the option out", 3)
    end
    local resty = require "b24.transport.resty"
    local problem = resty.why_not()
    if problem then error("b24: " .. call .. " cannot wait here: " .. problem, 3) end
    return resty.core
  elseif name and transport ~= "blocking" then
    local advice = "b24: %s would freeze %s until the portal answers; to wait all the same set transport = \"blocking\""
    error(advice:format(call, name), 3)
  end
  local loaded, core = pcall(require, "b24.core")
  if loaded then return core end
  error(("b24: %s needs the module b24.core (over libcurl), which does not load: %s"):format(call, core), 3)
end

return host
