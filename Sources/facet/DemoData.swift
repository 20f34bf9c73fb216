import Authority
import OData
import ProfileServer
import Profiles

/// The people of the demo and the text that greets its operator.
enum DemoData {
  /// The display name of the person whose profile the demo shows.
  static let ownerName = "Innocenty Popov"
  /// The person's user principal name.
  static let ownerPrincipalName = "innocenty@contoso.example"
  /// The person's id.
  static let ownerID = "efee1b77-fb3b-4f65-99d6-274c11914d12"
  /// The id of the person's phone, which the first request updates.
  static let phoneID = "e13f7a4d-303c-464f-a6af-80ea18eb74f3"

  /// The demo's directory, from a file that is compiled into the program.
  ///
  /// - Throws: `ImportLineError` when the file is damaged.
  static func lines(_ environment: ServiceEnvironment) throws -> [ImportLine] {
    let reader = ImportLineReader(defaultTenant: .demo, environment: environment)
    return try PackageResources.demo_ndjson.split(separator: 0x0A).map { try reader.line(Array($0)) }
  }

  /// Commands to paste into a terminal: a first request, and the sign-in of official clients.
  static func greeting(_ ready: ReadyFile, token: String, authority: String) -> String {
    """

    Facet answers at \(ready.http)/beta and \(ready.https)/beta. Update the phone of \(ownerName):

    curl -X PATCH \(ready.http)/beta/me/profile/phones/\(phoneID) -H 'Authorization: Bearer \(token)' \
    -H 'Content-Type: application/json' -d '{"allowedAudiences":"organization","type":"other"}'

    Official clients, without a line of code changed for tokens:

    export IDENTITY_ENDPOINT=\(ready.identityEndpoint) IDENTITY_HEADER=\(ready.demo?.identityHeader ?? "")

    or with a client secret (trust \(ready.certificate) first):
    tenant \(TenantID.demo.text), client \(ready.demo?.client.id ?? ""), secret \(ready.demo?.clientSecret ?? "")

    azure-cli, in a shell of its own (after the two variables above, 'az login --identity' does too):

    export REQUESTS_CA_BUNDLE=\(ready.certificate)
    az cloud register -n Facet --endpoint-resource-manager \(authority) && az cloud set -n Facet
    az config set core.instance_discovery=false
    az login --service-principal --username \(ready.demo?.client.id ?? "") --password=\(ready.demo?.clientSecret ?? "") \
    --tenant \(TenantID.demo.text)
    az rest --url \(authority)/beta/users

    """
  }
}
