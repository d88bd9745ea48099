package lua

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	lua "github.com/yuin/gopher-lua"
)

var dataParam = param{name: "data", kind: "string", doc: "Bytes."}

var cryptoFunctions = []declaration{
	{module: "crypto", name: "sha256", doc: "Digests bytes with SHA-256.", phases: always, params: []param{dataParam},
		returns: []param{{name: "digest", kind: "string", doc: "64 hexadecimal digits."}}, example: `local digest = crypto.sha256(body)`,
		local: func(L *lua.LState) int {
			data := L.CheckString(1)
			stateOf(L).charge(L, len(data)/64)
			sum := sha256.Sum256([]byte(data))
			L.Push(lua.LString(hex.EncodeToString(sum[:])))
			return 1
		}},
	{module: "crypto", name: "hmac", doc: "Authenticates bytes with HMAC-SHA-256.", phases: always, params: []param{{name: "key", kind: "string", doc: "The secret."}, dataParam},
		returns: []param{{name: "digest", kind: "string", doc: "64 hexadecimal digits."}}, example: `local signature = crypto.hmac(callbox.config.token, body)`,
		local: func(L *lua.LState) int {
			key, data := L.CheckString(1), L.CheckString(2)
			stateOf(L).charge(L, (len(key)+len(data))/64)
			mac := hmac.New(sha256.New, []byte(key))
			mac.Write([]byte(data))
			L.Push(lua.LString(hex.EncodeToString(mac.Sum(nil))))
			return 1
		}},
	{module: "crypto", name: "base64", doc: "Writes bytes in base64 (RFC 4648 section 4).", phases: always, params: []param{dataParam},
		returns: []param{{name: "text", kind: "string", doc: "Letters, digits, + / =."}}, example: `local basic = "Basic " .. crypto.base64(user .. ":" .. password)`,
		local: func(L *lua.LState) int {
			data := L.CheckString(1)
			stateOf(L).charge(L, len(data)/64)
			L.Push(lua.LString(base64.StdEncoding.EncodeToString([]byte(data))))
			return 1
		}},
	{module: "crypto", name: "unbase64", doc: "Reads base64.", phases: always, fails: true, params: []param{{name: "text", kind: "string", doc: "Base64."}},
		returns: []param{{name: "data", kind: "string", doc: "Bytes."}}, example: `local body, err = crypto.unbase64(text)`,
		local: func(L *lua.LState) int {
			data := L.CheckString(1)
			stateOf(L).charge(L, len(data)/64)
			b, err := base64.StdEncoding.DecodeString(data)
			if err != nil {
				L.Push(lua.LNil)
				L.Push(lua.LString("this is no base64"))
				return 2
			}
			L.Push(lua.LString(b))
			return 1
		}},
}
