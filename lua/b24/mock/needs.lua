-- What the portal runs on: lua-http and what that brings. b24 itself needs none of it.

local needs = {}

local MODULES = { "http.server", "cqueues", "basexx", "openssl.x509" }

--- True; or false, and what to install.
---@return boolean found
---@return string? problem
function needs.check()
  for _, name in ipairs(MODULES) do
    local found, message = pcall(require, name)
    if not found then
      local missing = tostring(message):match "module '([^']+)' not found" or name
      return false, ("b24: the mock portal needs lua-http (%s is missing for %s): "
        .. "luarocks install http, or apt install lua-http luajit"):format(missing,
        rawget(_G, "jit") and "LuaJIT" or _VERSION)
    end
  end
  return true
end

return needs
