-- A certificate authority made on the spot, or once for many portals: main.lua --make-certs DIR,
-- then --certs DIR. Without a folder private keys stay in memory, and only the CA's certificate is
-- written.

local bignum = require "openssl.bignum"
local extension = require "openssl.x509.extension"
local http_tls = require "http.tls"
local pkey = require "openssl.pkey"
local rand = require "openssl.rand"
local ssl_context = require "openssl.ssl.context"
local x509 = require "openssl.x509"
local x509_name = require "openssl.x509.name"

local certs = {}

local DAY = 86400

local function new_certificate(common_name, not_before, not_after)
  -- EC: a start takes milliseconds, RSA would take seconds
  local key = pkey.new { type = "EC", curve = "prime256v1" }
  local certificate, name = x509.new(), x509_name.new()
  name:add("CN", common_name)
  certificate:setVersion(3)
  certificate:setSerial(bignum.fromBinary("\1" .. rand.bytes(15)))
  certificate:setSubject(name)
  certificate:setLifetime(os.time() + not_before, os.time() + not_after)
  certificate:setPublicKey(key)
  return certificate, key, name
end

local function extend(certificate, name, value)
  certificate:addExtension(extension.new(name, value))
end

-- Whose key it is. Chains hold without; luaossl of Debian 11 knows no context to take the key from.
local function name_key(certificate, name, value, context)
  local made, made_extension = pcall(extension.new, name, value, context)
  if made then certificate:addExtension(made_extension) end
end

-- A self-signed authority: { certificate, key, name }.
local function new_authority(common_name)
  local certificate, key, name = new_certificate(common_name, -DAY, 3650 * DAY)
  certificate:setIssuer(name)
  extend(certificate, "basicConstraints", "critical,CA:TRUE")
  extend(certificate, "keyUsage", "critical,keyCertSign,cRLSign")
  name_key(certificate, "subjectKeyIdentifier", "hash", { subject = certificate })
  certificate:sign(key)
  return { certificate = certificate, key = key, name = name }
end

local function select_alpn(_, offered)
  for _, protocol in ipairs(offered) do
    if protocol == "h2" or protocol == "http/1.1" then return protocol end
  end
end

-- A server's certificate and key by `authority` for `alt_names` ("DNS:localhost,IP:127.0.0.1").
local function new_server(authority, alt_names, expired)
  local not_before, not_after = -DAY, 3650 * DAY
  if expired then not_before, not_after = -3 * DAY, -2 * DAY end
  local certificate, key = new_certificate(alt_names:match("^%w+:([^,]+)"), not_before, not_after)
  certificate:setIssuer(authority.name)
  extend(certificate, "basicConstraints", "critical,CA:FALSE")
  extend(certificate, "keyUsage", "critical,digitalSignature")
  extend(certificate, "extendedKeyUsage", "serverAuth")
  name_key(certificate, "subjectKeyIdentifier", "hash", { subject = certificate })
  name_key(certificate, "authorityKeyIdentifier", "keyid:always",
    { subject = certificate, issuer = authority.certificate })
  extend(certificate, "subjectAltName", alt_names)
  certificate:sign(authority.key)
  return { certificate = certificate, key = key }
end

local function our_names(count)
  local names = { "DNS:localhost", "DNS:portal.test", "DNS:*.bitrix24.ru", "DNS:*.bitrix24.com",
    "DNS:oauth.bitrix24.tech", "DNS:oauth.bitrix.info", "DNS:stranger.example" }
  for n = 1, count do names[#names + 1] = "IP:127.0.0." .. n end
  return table.concat(names, ",")
end

--- All pairs of certificate and key that a portal with so many addresses needs, by name.
function certs.make(addresses)
  local authority, names = new_authority("b24 portal CA"), our_names(addresses)
  return {
    authority = authority,
    https = new_server(authority, names),
    wrong_name = new_server(authority, "DNS:other.test"),
    expired = new_server(authority, names, true),
    untrusted = new_server(new_authority("b24 unknown CA"), names),
  }
end

--- Writes them into a private folder, for other portals of the same run.
function certs.save(set, dir)
  for name, pair in pairs(set) do
    local file = assert(io.open(dir .. "/" .. name .. ".pem", "w"))
    -- luaossl before 2020 has no toPEM for certificates
    file:write(tostring(pair.certificate), pair.key:toPEM("private"))
    file:close()
  end
end

--- Reads what certs.save has written.
function certs.load(dir)
  local set = {}
  for _, name in ipairs { "authority", "https", "wrong_name", "expired", "untrusted" } do
    local file = assert(io.open(dir .. "/" .. name .. ".pem"))
    local text = file:read("*a")
    file:close()
    set[name] = { certificate = x509.new(text),
      key = pkey.new(text:match("%-+BEGIN [%u ]*PRIVATE KEY.*")) }
  end
  return set
end

--- A server's TLS context with such a pair.
function certs.server_context(pair)
  local context = http_tls.new_server_context()
  -- Debian's libraries would accept TLS 1.0 from old clients; a portal does not.
  context:setOptions(ssl_context.OP_NO_TLSv1 + ssl_context.OP_NO_TLSv1_1)
  context:setCertificate(pair.certificate)
  context:setPrivateKey(pair.key)
  context:setAlpnSelect(select_alpn)
  return context
end

--- Writes the authority as a CA file and as a hashed directory. Returns the names of the files
--- made.
function certs.write_authority(authority, file, directory)
  local pem = tostring(authority.certificate)
  local function write(name)
    local out = assert(io.open(name, "w"))
    out:write(pem)
    out:close()
  end
  write(file)
  local openssl = assert(io.popen("openssl x509 -noout -subject_hash -in '" .. file .. "'"))
  local hash = openssl:read("*l")
  openssl:close()
  if not hash then error("the openssl program is needed") end
  local link = directory .. "/" .. hash .. ".0"
  write(link)
  return { file, link }
end

return certs
