import OData
import Testing

@Suite("QueryOptions")
struct QueryOptionsTests {
  private func options(_ query: String, _ offer: QueryOptions.Supported = []) throws(QueryError) -> QueryOptions {
    try QueryOptions(query.utf8, of: TestModel.type("phone"), supporting: offer)
  }

  private func fault(_ query: String, _ offer: QueryOptions.Supported = []) -> QueryError? {
    do throws(QueryError) {
      _ = try options(query, offer)
      return nil
    } catch {
      return error
    }
  }

  @Test("Every unsupported system query option is refused by name, in any case, with and without its dollar sign")
  func systemOptions() {
    for name in QueryOptions.systemNames {
      let expected = QueryError.notOffered("$" + name)
      for form in ["$\(name)=1", "$\(name.uppercased())=1", "%24\(name)=1", "\(name)=1", "$\(name)", "x=1&$\(name)=2"] {
        #expect(fault(form) == expected, "\(form)")
      }
      #expect(expected.message.contains("$" + name))
    }
  }

  @Test("An unknown option with a dollar sign is refused, and a custom one is ignored")
  func unknownOptions() {
    #expect(fault("$nosuch=1") == .unknown("$nosuch"))
    #expect(fault("$=1") == .unknown("$"))
    for ignored in ["", "nosuch=1", "a=1&b=2", "&&", "=1", "filters=x", "x=$filter"] {
      #expect(fault(ignored) == nil, "\(ignored)")
    }
  }

  @Test("A broken escape is refused, and no message holds the value of an unsupported option")
  func malformed() {
    #expect(fault("%zz=1") == .malformedEncoding)
    #expect(fault("$select=%zz", .select) == .malformedEncoding)
    #expect(fault("%24filter=CANARY")?.message.contains("CANARY") == false)
    #expect(fault("$nosuch=CANARY")?.message.contains("CANARY") == false)
  }
}
