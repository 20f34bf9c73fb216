import Authority
import OData
import ProfileServer
import Profiles

/// The people of the demo.
enum DemoData {
  static let ownerName = "Innocenty Popov"
  static let ownerPrincipalName = "innocenty@contoso.example"
  static let ownerID = "efee1b77-fb3b-4f65-99d6-274c11914d12"
  static let phoneID = "e13f7a4d-303c-464f-a6af-80ea18eb74f3"

  /// The demo's directory, read from the file that is built into the program.
  static func lines(_ environment: ServiceEnvironment) throws -> [ImportLine] {
    let reader = ImportLineReader(defaultTenant: .demo, environment: environment)
    return try PackageResources.demo_ndjson.split(separator: 0x0A).map { try reader.line(Array($0)) }
  }

  /// A first request that works as it is.
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
