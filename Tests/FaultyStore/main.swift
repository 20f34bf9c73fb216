import CFaultyStorage
import FaultHistory
import Fixtures
import Foundation
import Stores

// Fails the n-th call of each kind, for every n of a fixed history, once and for ever, and looks at what is left.
//
//   FaultyStore all                 every case
//   FaultyStore SECONDS SEED PART PARTS   as many as fit into the time, evenly spread; one part of several processes'
//   FaultyStore case KIND NUMBER once|ever BEGINNING ENDING

let memory = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
let folder = "\(memory)/faulty-\(getpid())"
let templates = Templates(directory: folder + "/templates")
try templates.make()
let place = Workplace(directory: folder + "/run")
let arguments = Array(CommandLine.arguments.dropFirst())
let campaign = Campaign(templates: templates, place: place)
let hasPassed: Bool
switch arguments.count {
case 6 where arguments[0] == "case": hasPassed = try campaign.runOne(arguments)
case 4:
  hasPassed = try campaign.run(
    seconds: Double(arguments[0]) ?? 60, seed: UInt64(arguments[1]) ?? 0, part: Int(arguments[2]) ?? 0,
    of: Int(arguments[3]) ?? 1)
default: hasPassed = try campaign.run(seconds: .infinity, seed: 0, part: 0, of: 1)
}
try? FileManager.default.removeItem(atPath: folder)
exit(hasPassed ? 0 : 1)
