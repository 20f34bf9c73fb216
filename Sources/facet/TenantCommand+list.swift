import ArgumentParser
import Profiles
import Stores

extension TenantCommand {
  /// `facet tenant list`: prints the tenants as JSON lines.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the tenants, one line of JSON for each.")

    @OptionGroup var options: StoreOptions

    func run() throws {
      let store = try options.openReadOnly()
      defer { store.close() }
      do {
        for tenant in try store.tenants() {
          print(String(decoding: ImportLine.tenant(tenant).line, as: UTF8.self))
        }
      } catch let error as StoreError {
        throw CommandFailure(error.message)
      }
    }
  }
}
