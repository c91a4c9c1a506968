-- How a control says what is wrong with it: the test that sent it gets this text.

--- Ends the control operation.
---@param format string as for string.format
---@param ... any
return function(format, ...)
  error({ message = format:format(...) }, 0)
end
