public import OData
import Profiles

/// The bounds within which images of strangers are decoded. How long an image may be, and how many pixels it may have, is in
/// `Profiles/Limits.swift`.
extension Limits {
  /// Longest time that an image may be worked on, in seconds, of the processor's time and of the clock's.
  public static let photoSeconds = 10
  /// Most memory that the process of an image may have mapped, in bytes, its program included.
  public static let photoMemoryBytes = 768 << 20
  /// Most images that wait for a process.
  public static let photosWaitingMax = 16
  /// Most images of one caller that wait or are worked on.
  public static let photosPerCallerMax = 4
  /// Most bytes that the process of an image may answer: every size at its bound.
  static let photoAnswerBytesMax = PhotoSize.sides.reduce(0) { $0 + $1 * $1 * photoBytesPerPixelMax + 6 }
}
