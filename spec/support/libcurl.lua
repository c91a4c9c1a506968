--- Which libcurl this is, for specs of what only newer ones can do.

local core = require "b24.core"

local libcurl = {}

local major, minor, patch = core.versions().libcurl:match "^(%d+)%.(%d+)%.(%d+)"

libcurl.version = tonumber(major) * 65536 + tonumber(minor) * 256 + tonumber(patch)

libcurl.TELLS_OF_CONNECTIONS = 0x075000 -- 7.80: it calls back when it has one
libcurl.ENDS_LOOKUPS = 0x075700 -- 7.87: a search for a name that hangs can be given up
libcurl.WAITS_FOR_LOOKUPS = "libcurl before 7.87 waits for the resolver to give up"

return libcurl
