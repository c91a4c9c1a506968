std = "max"
exclude_files = { "build" }
max_line_length = 100
files["spec/**/*_spec.lua"].std = "max+busted"
files["examples/*_spec.lua"].std = "max+busted"
files["lua/b24/types.lua"].ignore = { "2" }
files["examples/openresty/*.lua"].globals = { "ngx" }
local neovim = { globals = { "vim" } }
files["lua/b24/nvim.lua"], files["lua/b24/nvim/*.lua"], files["lua/b24/health.lua"] = neovim, neovim, neovim
files["plugin/*.lua"], files["lua/lualine/**/*.lua"], files["build.lua"] = neovim, neovim, neovim
files["spec/nvim/*.lua"], files["bench/nvim.lua"] = neovim, neovim
files["bench/live_nvim.lua"] = neovim
