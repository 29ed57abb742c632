import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport.IssueSeverity;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r4.model.StructureDefinition;

/**
 * Validates Bundles, one a line, with HAPI FHIR's instance validator against FHIR R4 and the profiles given.
 *
 * <p>Arguments: a file with an array of StructureDefinitions, then files of Bundles. Prints what is wrong and how
 * often, then "valid=… invalid=… profiles=…"; exit code 1 if anything is. A profile that nobody knows is an error; a
 * code of a system that HAPI does not carry (SNOMED CT, LOINC, RxNorm, ICD-10-CM) is not.
 */
public final class Validate {
  private static final FhirContext R4 = FhirContext.forR4();

  public static void main(String[] arguments) throws IOException {
    List<StructureDefinition> profiles = profiles(Path.of(arguments[0]));
    FhirValidator validator = validator(profiles);
    var valid = new AtomicInteger();
    var invalid = new AtomicInteger();
    Map<String, Integer> wrong = new ConcurrentSkipListMap<>();
    bundles(arguments)
        .parallel()
        .forEach(
            bundle -> {
              boolean fine = true;
              for (SingleValidationMessage message : validator.validateWithResult(bundle).getMessages()) {
                if (message.getSeverity().ordinal() >= ResultSeverityEnum.ERROR.ordinal()) {
                  wrong.merge(described(message), 1, Integer::sum);
                  fine = false;
                }
              }
              (fine ? valid : invalid).incrementAndGet();
            });
    wrong.forEach((what, times) -> System.out.println(times + " x " + what));
    System.out.println("valid=" + valid + " invalid=" + invalid + " profiles=" + profiles.size());
    System.exit(invalid.get() == 0 ? 0 : 1);
  }

  private static Stream<String> bundles(String[] arguments) {
    return Arrays.stream(arguments)
        .skip(1)
        .flatMap(
            file -> {
              try {
                return Files.readAllLines(Path.of(file)).stream();
              } catch (IOException error) {
                throw new java.io.UncheckedIOException(error);
              }
            });
  }

  private static FhirValidator validator(List<StructureDefinition> definitions) {
    var profiles = new PrePopulatedValidationSupport(R4);
    definitions.forEach(profiles::addStructureDefinition);
    var unknown = new UnknownCodeSystemWarningValidationSupport(R4);
    unknown.setNonExistentCodeSystemSeverity(IssueSeverity.WARNING);
    var chain =
        new ValidationSupportChain(
            new DefaultProfileValidationSupport(R4),
            profiles,
            new CommonCodeSystemsTerminologyService(R4),
            new InMemoryTerminologyServerValidationSupport(R4),
            new SnapshotGeneratingValidationSupport(R4),
            unknown);
    var module = new FhirInstanceValidator(chain);
    module.setErrorForUnknownProfiles(true);
    module.setAnyExtensionsAllowed(false);
    return R4.newValidator().registerValidatorModule(module);
  }

  /** The same mistake in other resources is counted, not repeated. */
  private static String described(SingleValidationMessage message) {
    String where = message.getLocationString().replaceAll("\\[\\d+]|/\\*[^*]+\\*/", "");
    return message.getSeverity() + " " + where + ": " + message.getMessage();
  }

  private static List<StructureDefinition> profiles(Path file) throws IOException {
    return Stream.of(new ObjectMapper().readTree(file.toFile()))
        .flatMap(all -> java.util.stream.StreamSupport.stream(all.spliterator(), false))
        .map(one -> R4.newJsonParser().parseResource(StructureDefinition.class, one.toString()))
        .toList();
  }
}
