--- What setup{} takes.

---@class b24.nvim.options
---@field every? number seconds between two questions, from 10 on (default 60)
--- hear of changes as they happen, from the portal's push server (default false). While it runs,
--- Bitrix24 counts you as online, and your phone's notifications wait; it pauses when you have been
--- away for ten minutes
---@field live? boolean
---@field auto? boolean start polling when the editor is on the screen (default true)
---@field notify? boolean vim.notify when more messages wait than before (default false)
--- as for b24.client; default: $B24_WEBHOOK, else the file ~/.config/b24/webhook
---@field conf? b24.conf|string
---@field engine? "auto"|"module"|"program" the C module, or the program b24
--- (default: the module if it loads)
---@field program? string the program b24 (default "b24")
---@field open? fun(url: string) opens a dialog's page (default: the system's browser)

local options = {}

local TYPES = {
  every = { number = true }, auto = { boolean = true }, live = { boolean = true },
  notify = { boolean = true },
  conf = { table = true, string = true }, engine = { string = true }, program = { string = true },
  open = { ["function"] = true },
}
local ENGINES = { auto = true, module = true, program = true }
local DEFAULTS = { every = 60, auto = true, live = false, notify = false, engine = "auto",
  program = "b24" }
local LEAST = 10 -- seconds; an editor that stays open all day has no reason to ask oftener

local current = {}

local function names()
  local list = {}
  for name in pairs(TYPES) do list[#list + 1] = name end
  table.sort(list)
  return table.concat(list, ", ")
end

local function check(opts)
  if type(opts) ~= "table" then
    error("b24: setup needs a table of options, not a " .. type(opts), 4)
  end
  for name, value in pairs(opts) do
    local types = TYPES[name]
    if not types then
      error(("b24: unknown option '%s' of setup (there are: %s)"):format(tostring(name), names()),
        4)
    end
    if not types[type(value)] then
      error(("b24: option '%s' of setup must be a %s, not a %s"):format(name, next(types),
        type(value)), 4)
    end
  end
  if opts.every and not (opts.every >= LEAST and opts.every <= 86400) then
    error(("b24: option 'every' must be a number of seconds from %d to 86400"):format(LEAST), 4)
  end
  if opts.engine and not ENGINES[opts.engine] then
    error("b24: option 'engine' must be \"auto\", \"module\" or \"program\"", 4)
  end
end

--- Throws at the caller of setup what is wrong.
---@param opts? b24.nvim.options
function options.set(opts)
  if opts ~= nil then check(opts) end
  current = opts or {}
end

--- The value of an option, or its default.
---@param name string
function options.get(name)
  local value = current[name]
  if value == nil then return DEFAULTS[name] end
  return value
end

--- Was the option given?
---@param name string
---@return boolean
function options.given(name) return current[name] ~= nil end

return options
