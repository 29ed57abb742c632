import gov.nist.secauto.metaschema.binding.IBindingContext.IValidationSchemaProvider;
import gov.nist.secauto.metaschema.binding.io.Format;
import gov.nist.secauto.metaschema.model.common.validation.JsonSchemaContentValidator;
import gov.nist.secauto.oscal.lib.OscalBindingContext;
import gov.nist.secauto.oscal.lib.OscalVersion;
import java.nio.file.Path;
import java.util.List;
import javax.xml.transform.Source;
import org.json.JSONObject;

/**
 * Validates OSCAL assessment results as NIST's oscal-cli does: by the JSON schema that NIST publishes, then by the constraints
 * of the model. Fails when one is not valid.
 */
public final class Judge implements IValidationSchemaProvider {
  public static void main(String[] files) throws Exception {
    System.out.println("OSCAL " + new OscalVersion().getVersion());
    var judge = new Judge();
    boolean allValid = true;
    for (String file : files) {
      allValid &= judge.accepts(Path.of(file));
    }
    System.exit(allValid ? 0 : 1);
  }

  private boolean accepts(Path file) throws Exception {
    var result = OscalBindingContext.instance().validate(file, Format.JSON, this);
    for (var finding : result.getFindings()) {
      System.out.println("  " + finding.getSeverity() + ": " + finding.getMessage());
    }
    // Nor are there warnings.
    boolean valid = result.getFindings().isEmpty();
    System.out.println((valid ? "valid " : "invalid ") + file.getFileName());
    return valid;
  }

  @Override
  public JSONObject getJsonSchema() {
    var schema = OscalBindingContext.class.getResourceAsStream("/schema/json/oscal-ar_schema.json");
    return JsonSchemaContentValidator.toJsonObject(schema);
  }

  @Override
  public List<Source> getXmlSchemas() {
    throw new UnsupportedOperationException("results are JSON");
  }
}
