-- lazy.nvim runs this by itself after an install or an update.
local folder = debug.getinfo(1, "S").source:match "^@(.*)/[^/]*$" or "."

local WITHOUT = "b24: the C module was not built; install %s, then run :Lazy build b24 (or "
  .. "install the program b24)"
local NEEDED = "make, a C compiler, and libcurl, cJSON and LuaJIT (or Lua 5.1) with their headers"

if vim.fn.executable "make" == 0 then error(WITHOUT:format(NEEDED), 0) end
local output = vim.fn.system { "make", "-s", "-C", folder, "nvim" }
if vim.v.shell_error ~= 0 then
  local reason = output:match "b24: [^\n]*" or output:match "[^\n]*error[^\n]*" or ""
  error(WITHOUT:format(NEEDED) .. "\n" .. reason, 0)
end
