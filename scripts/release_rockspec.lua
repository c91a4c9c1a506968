--- Writes the rockspec of the release that src/base/common.h names, from b24-scm-0.rockspec.
--- `make docs` does it (scripts/docs.lua); spec/readme_spec.lua fails when it has not been run.

local release = {}

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

--- The file as it should be, and others of its kind that should not be there.
---@param root string top folder, "" or with a slash at its end
---@return table<string, {is: string, should: string}> files by name
function release.files(root)
  local version = read(root .. "src/base/common.h"):match '#define B24_VERSION "([^"]+)"'
  local name = ("b24-%s-1.rockspec"):format(version)
  local repository = read(root .. "Makefile"):match "\nREPOSITORY *:= *(%S*)"
  local tarball = ("b24-%s.tar.gz"):format(version)
  if repository ~= "" then
    tarball = ("%s/releases/download/v%s/%s"):format(repository, version, tarball)
  end
  local text = read(root .. "b24-scm-0.rockspec")
  text = text:gsub('version = "scm%-0"', ('version = "%s-1"'):format(version))
  local source = ('\nsource = { url = "%s", dir = "b24-%s" }'):format(tarball, version)
  text = text:gsub("\nsource = {.-\n}", source)
  return { [name] = { should = text, is = read(root .. name) or "" } }
end

return release
