--- Files that a command sends.

local account = require "b24.cli.account"
local codec = require "b24.codec"

local upload = {}

local SLOWEST = 100 * 1024 -- bytes a second: a slower line wants --timeout
local MOST = 600 -- seconds: no call may have more

--- Gives a command without --timeout the time that its files need, besides that of any command.
---@param args table
---@param files b24.upload[]
function upload.allow(args, files)
  if args.timeout or #files == 0 then return end
  local bytes = 0
  for _, file in ipairs(files) do bytes = bytes + (codec.file_size(file) or 0) end
  args.timeout = math.min(account.TIMEOUT + bytes / SLOWEST, MOST)
end

return upload
