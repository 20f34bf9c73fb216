import OData
import Testing

@testable import Profiles

@Suite("Ranking of people nearby")
struct NearbyRankingTests {
  private let ann = People.known(UserID("ann"))
  private let bob = People.known(UserID("bob"))
  private let cy = People.known(UserID("cy"))

  @Test("A reason counts as often as it may, and the sum decides")
  func points() {
    for reason in NearbyRanking.Reason.allCases {
      var ranking = NearbyRanking()
      #expect(ranking.points(of: ann) == 0)
      for times in 1...(reason.countedMax + 2) {
        ranking.add(reason, of: ann)
        #expect(ranking.points(of: ann) == min(times, reason.countedMax) * reason.points, "\(reason) \(times)")
      }
    }
    var ranking = NearbyRanking()
    ranking.add(.listed, of: ann)
    ranking.add(.sharedGroup, of: ann)
    #expect(ranking.points(of: ann) == 50)
  }

  @Test("The nearest come first, and the first id decides between equals")
  func order() {
    var ranking = NearbyRanking()
    for user in [cy, bob] { ranking.add(.sharedGroup, of: user) }
    ranking.add(.listed, of: ann)
    #expect(ranking.nearest(10) == [ann, bob, cy])
    for _ in 0..<2 { ranking.add(.sharedProject, of: cy) }
    #expect(ranking.nearest(10) == [cy, ann, bob])
    #expect(ranking.nearest(2) == [cy, ann])
  }

  @Test("Positions are ordered as the points are, whatever their number of digits")
  func positions() {
    let points = [0, 9, 10, 99, 100, 180]
    let positions = points.map { NearbyRanking.position(of: ann, points: $0) }
    #expect(positions.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } == positions.reversed())
    #expect(Set(positions.map(\.utf8.count)).count == 1)
  }
}
