#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An image as red, green and blue bytes, row by row from the top.
final class PixelImage {
  /// Width in pixels.
  let width: Int
  /// Height in pixels.
  let height: Int
  /// The bytes, three for each pixel.
  let bytes: UnsafeMutablePointer<UInt8>

  /// The bytes of one row.
  var rowBytes: Int { width * 3 }

  /// An image without content. Throws `outOfMemory` when there is no memory for it, which would end the process in an array.
  init(width: Int, height: Int) throws(ImageFault) {
    guard let memory = calloc(height, width * 3) else { throw .outOfMemory }
    self.width = width
    self.height = height
    bytes = memory.assumingMemoryBound(to: UInt8.self)
  }

  deinit { free(bytes) }

  /// The bytes of a row.
  func row(_ index: Int) -> UnsafeMutablePointer<UInt8> { bytes + index * rowBytes }
}

// MARK: Scaling

extension PixelImage {
  /// The square in the middle of the image, scaled down to this side. Each pixel is the mean of the area that it covers.
  /// The side must not be larger than the image.
  func square(_ side: Int) throws(ImageFault) -> PixelImage {
    let edge = min(width, height)
    let (left, top) = ((width - edge) / 2, (height - edge) / 2)
    let result = try PixelImage(width: side, height: side)
    let spans = Span.spans(from: edge, to: side)
    // Two neighbouring rows of the result may share a row of the image, which is then not scaled twice.
    var scaled = [Float](repeating: 0, count: side * 3)
    var scaledIndex = -1
    for (index, span) in spans.enumerated() {
      var sum = [Float](repeating: 0, count: side * 3)
      for (offset, weight) in span.weights.enumerated() {
        let source = top + span.first + offset
        if source != scaledIndex {
          Self.scale(row(source) + left * 3, spans, into: &scaled)
          scaledIndex = source
        }
        for place in sum.indices { sum[place] += scaled[place] * weight }
      }
      let target = result.row(index)
      for place in sum.indices { target[place] = UInt8(min(max(sum[place] + 0.5, 0), 255)) }
    }
    return result
  }

  private static func scale(_ source: UnsafeMutablePointer<UInt8>, _ spans: [Span], into row: inout [Float]) {
    for (index, span) in spans.enumerated() {
      var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
      var pixel = source + span.first * 3
      for weight in span.weights {
        red += Float(pixel[0]) * weight
        green += Float(pixel[1]) * weight
        blue += Float(pixel[2]) * weight
        pixel += 3
      }
      row[index * 3] = red
      row[index * 3 + 1] = green
      row[index * 3 + 2] = blue
    }
  }

  /// The pixels that one pixel of the result covers in one direction.
  private struct Span {
    let first: Int
    /// What part of the result each of them is; together 1.
    let weights: [Float]

    static func spans(from edge: Int, to side: Int) -> [Span] {
      (0..<side).map { index in
        // In units of a pixel of the image divided by `side`, in which everything is a whole number.
        let (start, end) = (index * edge, (index + 1) * edge)
        let (first, last) = (start / side, (end - 1) / side)
        let weights = (first...last).map { pixel in
          Float(min(end, (pixel + 1) * side) - max(start, pixel * side)) / Float(edge)
        }
        return Span(first: first, weights: weights)
      }
    }
  }
}

// MARK: Turning

extension PixelImage {
  /// A square image, turned as the orientation that a camera noted says (Exif 2.3 section 4.6.4, tag 274): its rows and
  /// columns lie where people see them.
  func turned(_ orientation: ExifOrientation) throws(ImageFault) -> PixelImage {
    guard orientation != .upright, width == height else { return self }
    let result = try PixelImage(width: width, height: height)
    let last = width - 1
    for y in 0..<height {
      let target = result.row(y)
      for x in 0..<width {
        let (column, line) = orientation.source(x, y, last: last)
        let pixel = row(line) + column * 3
        target[x * 3] = pixel[0]
        target[x * 3 + 1] = pixel[1]
        target[x * 3 + 2] = pixel[2]
      }
    }
    return result
  }
}
