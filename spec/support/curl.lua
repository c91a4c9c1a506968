--- The program curl, with the mock portal's CA.

local data = require "spec.support.data"

--- Returns the body, and "STATUS HTTP_VERSION EXIT_CODE".
---@param portal Portal
---@param arguments string
---@return string
---@return string
return function(portal, arguments)
  local text = data.shell("curl -s -m 60 --cacert " .. portal.ca_file
    .. " -w '\n%{http_code} %{http_version} ' " .. arguments .. "; printf %d $?")
  return text:match "^(.*)\n(.-)$"
end
