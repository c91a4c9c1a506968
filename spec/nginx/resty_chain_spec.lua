-- A portal whose certificate hangs on a long chain: nginx's lua_ssl_verify_depth is 1 by default.

local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

if nginx.skips(describe, pending, "a long chain of certificates") then return end

-- root -> one -> two -> leaf, in DIR; then an https server on a port.
local MAKE = [[
set -e
cd %s
key="ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
new() { openssl req -newkey $key -keyout $1.key -out $1.csr -subj "/CN=$1"; }
sign() {
  openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days 2 -out $1.pem \
    -extfile $3
}
exec 2>/dev/null
printf 'basicConstraints=critical,CA:TRUE\n' >ca.ext
printf 'subjectAltName=DNS:portal.test\n' >leaf.ext
openssl req -x509 -newkey $key -keyout root.key -out root.pem -days 2 -subj "/CN=root"
for pair in one:root two:one; do new ${pair%%:*}; sign ${pair%%:*} ${pair##*:} ca.ext; done
new leaf
sign leaf two leaf.ext
cat two.pem one.pem >chain.pem
]]

describe("a long chain of certificates", function()
  local dir, server_pipe, port, dns_port, stop_dns

  setup(function()
    local name = os.tmpname()
    os.remove(name)
    dir = name .. ".chain"
    os.execute("mkdir -m 755 " .. process.quote(dir))
    process.write(dir .. "/make", MAKE:format(dir))
    assert(io.popen("sh " .. dir .. "/make")):close()
    port = nginx.free_port()
    server_pipe =
      nginx.guarded(("exec openssl s_server -accept 127.0.0.1:%d -cert %s/leaf.pem -key "
        .. "%s/leaf.key -cert_chain "
      .. "%s/chain.pem -www -quiet </dev/null >/dev/null 2>&1"):format(port, dir, dir, dir))
    assert(process.eventually(5, function()
      local probe = require("socket").connect("127.0.0.1", port)
      return probe and probe:close()
    end), "openssl s_server did not start")
    dns_port, stop_dns = nginx.dns()
  end)
  teardown(function()
    server_pipe:close()
    stop_dns()
    os.execute("rm -rf " .. process.quote(dir))
  end)

  local function call(depth)
    local http =
      ("resolver 127.0.0.1:%d ipv6=off; lua_ssl_trusted_certificate %s/root.pem; %s")
        :format(dns_port, dir, depth)
    local server = nginx.start { workers = 1, http = http }
    local value, _, info = server:run(([[
      return require('b24').counters { webhook = %q, limiter = false, retries = 0, timeout = 2 }]])
      :format("https://portal.test:" .. port .. "/rest/1/abcdefgh/"))
    server:stop()
    return value, info
  end

  it("is refused by default, and the directive named", function()
    local value, info = call ""
    assert.is_nil(value)
    assert.same({ "tls", "CERTIFICATE_UNTRUSTED", false }, { info.kind, info.code, info.sent })
    assert.truthy(info.hint:find("lua_ssl_verify_depth 3;", 1, true), info.message)
  end)

  it("is trusted with lua_ssl_verify_depth 3", function()
    local _, info = call "lua_ssl_verify_depth 3;"
    assert.same({ "timeout", true }, { info.kind, info.sent }) -- this server never answers a POST
  end)
end)
