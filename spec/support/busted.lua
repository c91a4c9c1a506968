-- busted's command line, for any Lua that has busted.
require "busted.runner" { standalone = false }
