-- Health of a HealthcareService for Argo CD. Its status is kstatus format: observedGeneration at top level,
-- Reconciling and Stalled present only while true, Ready always present. The first rule that holds decides.
-- Lua 5.1 without the string library, as Argo CD runs it; a deletion is judged by Argo CD itself.

local status = obj.status or {}

local function condition(type)
  for _, c in ipairs(status.conditions or {}) do
    if c.type == type then
      return c
    end
  end
  return {}
end

local function health(state, c, default)
  local message = c.message
  if message == nil or message == "" then
    message = default
  end
  return { status = state, message = message }
end

local function is_true(c)
  return c.status == "True"
end

local generation = tonumber(obj.metadata and obj.metadata.generation)
local observed = tonumber(status.observedGeneration)
if observed == nil or observed ~= generation then
  return health("Progressing", {}, "Waiting for the operator to see this generation")
end

local paused = condition("Paused")
if is_true(paused) or (obj.spec ~= nil and obj.spec.paused == true) then
  return health("Suspended", paused, "spec.paused is true: the operator writes nothing")
end

local stalled = condition("Stalled")
if is_true(stalled) then
  return health("Degraded", stalled, "Nothing moves until the spec changes")
end

local rolled_back = condition("RolledBack")
if is_true(rolled_back) then
  return health("Degraded", rolled_back, "Rolled back to the last good revision")
end

local reconciling = condition("Reconciling")
if is_true(reconciling) then
  return health("Progressing", reconciling, "Reconciling")
end

local ready = condition("Ready")
if is_true(ready) then
  return health("Healthy", ready, "Rolled out and serving")
end

local available = condition("Available")
if ready.status == "False" and available.status == "False" and available.reason == "ProgressDeadlineExceeded" then
  return health("Degraded", available, "The rollout did not finish in time")
end

return health("Progressing", ready, "Waiting to be ready")
