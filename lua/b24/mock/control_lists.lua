-- The control for lists that grow while somebody reads them.

local fail = require "b24.mock.complaint"
local lists = require "b24.mock.lists"

local control_lists = {}

--- Makes the operations known.
---@param operation fun(name: string, arguments: string[], run: function)
function control_lists.register(operation)
  operation("rows", { "method", "add", "every" }, function(portal, arguments)
    local method = arguments.method or "crm.deal.list"
    if not lists.grow(portal, method, arguments.add, arguments.every) then
      fail("rows: no list '%s'", method)
    end
    return { rows = lists.length(portal, method) }
  end)
end

return control_lists
