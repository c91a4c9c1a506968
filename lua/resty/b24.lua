--- The name that OpenResty's users look for. See b24/resty.lua.
return require "b24.resty"
