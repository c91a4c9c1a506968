--- Files that a command sends.

local account = require "b24.cli.account"
local codec = require "b24.codec"
local text = require "b24.cli.text"

local upload = {}

local SLOWEST = 100 * 1024 -- bytes a second: a slower line wants --timeout
local MOST = 600 -- seconds: no call may have more

-- Tells a terminal what is sent.
local function tell(file, size)
  if not codec.system.terminal(2) then return end
  io.stderr:write(("sending %s (%s)\n"):format(text.line(file.name), text.bytes(size)))
end

--- Says how large the files are, and gives a command without --timeout the time that they need,
--- besides that of any command. What is wrong with a file is the call's to say.
---@param args table
---@param files b24.upload[]
function upload.announce(args, files)
  local bytes = 0
  for _, file in ipairs(files) do
    local size = codec.file_size(file)
    if size then tell(file, size) end
    bytes = bytes + (size or 0)
  end
  if #files == 0 or args.timeout then return end
  args.timeout = math.min(account.TIMEOUT + bytes / SLOWEST, MOST)
end

return upload
