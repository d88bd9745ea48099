local http = require "callbox.http"
local log  = require "callbox.log"

local M = {}

--- Looks up an order. In a flow: run "order" { function = plugin.NAME.lookup }
---@param call callbox.Call
---@param args { number: string }
---@return { found: boolean, state: string?, error: string? }
function M.lookup(call, args)
  local res, err = http.get(callbox.config.base_url .. "/orders/" .. args.number, { timeout = 1.5 })
  if not res then
    log.warn("the shop's system cannot be asked", { reason = err })
    return { found = false, error = err }
  end
  if res.status ~= 200 then
    return { found = false }
  end
  call:set("order", args.number)
  return { found = true, state = res.json.state }
end

return M
