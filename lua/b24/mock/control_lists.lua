-- The control for lists whose rows come and go while somebody reads them.

local fail = require "b24.mock.complaint"
local lists = require "b24.mock.lists"

local control_lists = {}

--- Makes the operations known.
---@param operation fun(name: string, arguments: string[], run: function)
function control_lists.register(operation)
  operation("rows", { "method", "add", "every", "drop", "each" }, function(portal, arguments)
    local method = arguments.method or "crm.deal.list"
    if not lists.change(portal, method, arguments) then
      fail("rows: no list '%s'", method)
    end
    local rows, gone = lists.length(portal, method)
    return { rows = rows, gone = gone }
  end)
end

return control_lists
