---@meta
-- What callbox gives to plugins. Generated; changes here are lost.

--- A call. Its fields are as they were when the function began, data as set since.
---@class callbox.Call
---@field id string The call's id.
---@field from string The caller's number; empty when it is withheld.
---@field to string The number that was called.
---@field trunk string The trunk it came by; empty for calls from phones.
---@field language string The language spoken to the caller, such as zh-Hant.
---@field generation number The configuration the call is pinned to.
---@field data table<string, any> What set, plugins and agents attached.
---@field caller callbox.Customer The customer that the caller's number belongs to.
local Call = {}

--- Attaches a value to the call, as the step set does.
--- Only in a function that an ivr runs, in on_route, in on_rank, in on_offer, in on_wrap_up.
--- ```lua
--- call:set("holder", policy.holder)
--- ```
---@param key string A name.
---@param value? any Text, number, boolean or table; nil removes it.
function Call:set(key, value) end

--- Tags the call, for lists and reports.
--- Only in a function that an ivr runs, in on_route, in on_rank, in on_offer, in on_wrap_up.
--- ```lua
--- call:tag("vip")
--- ```
---@param name string The tag.
function Call:tag(name) end

--- Plays a prompt and waits for its end.
--- Only in a function that an ivr runs.
--- ```lua
--- call:play("policy_due", { due = policy.due })
--- ```
---@param prompt string A prompt of the configuration, by its name.
---@param values? table<string, any> For ${…} in its text.
function Call:play(prompt, values) end

--- Speaks a text in the call's language and waits for its end.
--- Only in a function that an ivr runs.
--- ```lua
--- call:say("Thank you.")
--- ```
---@param text string What is said.
function Call:say(text) end

--- Asks for keys and waits for them.
--- Only in a function that an ivr runs.
--- ```lua
--- local no = call:collect{ prompt = "ask_policy", digits = "4-12", end_key = "#" }
--- ```
---@param options callbox.Collect What to ask for.
---@return string? keys What was pressed; nil when nothing fitted in all tries.
function Call:collect(options) end

--- Records what the caller says and waits for its end.
--- Only in a function that an ivr runs.
--- ```lua
--- local note = call:record{ max = 60, beep = true }
--- ```
---@param options? callbox.Record How.
---@return table<string, any> recording id and seconds of the recording.
function Call:record(options) end

--- Sends the call to a queue. The function ends here.
--- Only in a function that an ivr runs.
--- ```lua
--- call:queue("claims", { priority = 10 })
--- ```
---@param name string A queue of the configuration.
---@param options? callbox.QueueOptions What the call brings along.
function Call:queue(name, options) end

--- Sends the call elsewhere. The function goes on only if that fails.
--- Only in a function that an ivr runs.
--- ```lua
--- local _, why = call:transfer("extension.1001")
--- ```
---@param destination string As in the configuration: "extension.1001", "ivr.main", or a number.
---@return boolean? done true, should the call come back from there.
---@return string? err Why not, when the first is nil.
function Call:transfer(destination) end

--- Ends the call, and the function with it.
--- Only in a function that an ivr runs.
--- ```lua
--- call:hangup()
--- ```
---@param cause? string Why, as in the step hangup.
function Call:hangup(cause) end

--- A customer record.
---@class callbox.Customer
---@field found boolean Whether there is one.
---@field id? string The record's id.
---@field name? string The customer's name.
---@field number? string The number in E.164.
---@field fields? table<string, any> The record's own fields.
---@field tags? string[] The record's tags.

--- What goes with a request.
---@class callbox.Request
---@field headers? table<string, string> Header fields.
---@field query? table<string, any> Appended to the address, escaped.
---@field json? any Sent as JSON.
---@field body? string Sent as it is, instead of json.
---@field timeout? number Seconds; the function's own time is the most.

--- What came back, whatever its status.
---@class callbox.Response
---@field status number The status, such as 200.
---@field headers table<string, string> Header fields; names in lower case.
---@field body string The body, 1 MB at most.
---@field json? any The body, read as JSON when it says that it is.

--- How long a value is kept.
---@class callbox.Keep
---@field ttl? number Seconds; without it, for ever.

--- What call:collect asks for.
---@class callbox.Collect
---@field prompt? string The prompt played first.
---@field digits? string How many keys: "4-12", or "6".
---@field end_key? string The key that ends the input, such as "#".
---@field timeout? number Seconds of silence after the prompt.
---@field tries? number How often the caller is asked.
---@field secret? boolean Masked everywhere, in recordings too.

--- What call:record keeps.
---@class callbox.Record
---@field max? number Seconds at most.
---@field end_key? string The key that ends it.
---@field beep? boolean Whether a tone comes first.

--- What a call brings into a queue.
---@class callbox.QueueOptions
---@field priority? number Minutes of waiting it counts for.
---@field skills? table<string, number> Least proficiency by skill.
---@field data? table<string, any> Attached to the call.

--- A mail to send.
---@class callbox.Mail
---@field to string|string[] One address or several, 20 at most.
---@field subject string One line.
---@field text string The text.

--- A fact, as in the reference of events; its own fields stand beside these.
---@class callbox.Event
---@field seq number Its place in the order of all facts.
---@field time string When, RFC 3339.
---@field type string Such as call.ended.
---@field call? string The call's id.
---@field queue? string The queue's name.
---@field agent? string The agent's name.
---@field generation? number The configuration it happened under.

---@class callbox
---@field config table<string, any> What the plugin block's config says.
callbox = {}
