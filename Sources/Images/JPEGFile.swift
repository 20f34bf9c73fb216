import CJPEG
import OData
import Profiles

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Reads and writes JPEG files with libjpeg.
///
/// libjpeg leaves a function only by ending the process when it meets an error, for which it is given a process of its own.
/// So nothing here may be called in a server.
enum JPEGFile {
  /// Ends the process with the status of a fault.
  private static func end(_ fault: ImageFault) -> Never { _exit(fault.rawValue) }

  /// Sets what libjpeg does about errors and warnings. A file that ends too early is a damaged one; other irregularities are
  /// common, and harmless.
  private static func prepare(_ errors: UnsafeMutablePointer<jpeg_error_mgr>) -> UnsafeMutablePointer<jpeg_error_mgr>? {
    let prepared = jpeg_std_error(errors)
    errors.pointee.error_exit = { state in
      let code = state?.pointee.err.pointee.msg_code ?? 0
      JPEGFile.end(code == Int32(JERR_OUT_OF_MEMORY.rawValue) ? .outOfMemory : .notAnImage)
    }
    errors.pointee.emit_message = { state, level in
      let code = state?.pointee.err.pointee.msg_code ?? 0
      let isCut = code == Int32(JWRN_JPEG_EOF.rawValue) || code == Int32(JWRN_HIT_MARKER.rawValue)
      if level < 0, isCut { JPEGFile.end(.notAnImage) }
    }
    errors.pointee.output_message = { _ in }
    return prepared
  }

  // MARK: Reading

  /// Decodes a file, at the smallest of the scales that libjpeg offers which keeps every size of a photo.
  static func decode(_ file: UnsafeBufferPointer<UInt8>) throws(ImageFault) -> PixelImage {
    let errors = UnsafeMutablePointer<jpeg_error_mgr>.allocate(capacity: 1)
    errors.initialize(to: jpeg_error_mgr())
    let decoder = UnsafeMutablePointer<jpeg_decompress_struct>.allocate(capacity: 1)
    decoder.initialize(to: jpeg_decompress_struct())
    defer {
      jpeg_destroy_decompress(decoder)
      decoder.deallocate()
      errors.deallocate()
    }
    decoder.pointee.err = prepare(errors)
    jpeg_CreateDecompress(decoder, Int32(JPEG_LIB_VERSION), MemoryLayout<jpeg_decompress_struct>.stride)
    jpeg_mem_src(decoder, file.baseAddress, UInt(file.count))
    jpeg_read_header(decoder, 1)
    let (width, height) = (Int(decoder.pointee.image_width), Int(decoder.pointee.image_height))
    try ImageFault.check(width: width, height: height)
    decoder.pointee.scale_num = scale(of: min(width, height))
    decoder.pointee.scale_denom = scaleMax
    let isFourColored = decoder.pointee.jpeg_color_space == JCS_CMYK || decoder.pointee.jpeg_color_space == JCS_YCCK
    decoder.pointee.out_color_space = isFourColored ? JCS_CMYK : JCS_RGB
    jpeg_start_decompress(decoder)
    let image = try PixelImage(width: Int(decoder.pointee.output_width), height: Int(decoder.pointee.output_height))
    let components = isFourColored ? 4 : 3
    guard Int(decoder.pointee.output_components) == components,
      let line = calloc(image.width, components)?.assumingMemoryBound(to: UInt8.self)
    else { throw .outOfMemory }
    defer { free(line) }
    while Int(decoder.pointee.output_scanline) < image.height {
      let target = image.row(Int(decoder.pointee.output_scanline))
      var row: JSAMPROW? = line
      jpeg_read_scanlines(decoder, &row, 1)
      if isFourColored {
        writeRGB(of: line, isInverted: decoder.pointee.saw_Adobe_marker != 0, to: target, pixels: image.width)
      } else {
        target.update(from: line, count: image.rowBytes)
      }
    }
    jpeg_finish_decompress(decoder)
    return image
  }

  private static let scaleMax: UInt32 = 8

  /// The fewest eighths that keep an edge as long as the largest size of a photo; all of them for a shorter one.
  private static func scale(of edge: Int) -> UInt32 {
    let largest = PhotoSize.sides[PhotoSize.sides.count - 1]
    return (1...scaleMax).first { edge * Int($0) / Int(scaleMax) >= largest } ?? scaleMax
  }

  /// Four colours for printing, which Adobe's programs store inverted.
  private static func writeRGB(
    of line: UnsafeMutablePointer<UInt8>, isInverted: Bool, to target: UnsafeMutablePointer<UInt8>, pixels: Int
  ) {
    for pixel in 0..<pixels {
      let ink = line + pixel * 4
      let black = isInverted ? Int(ink[3]) : 255 - Int(ink[3])
      for color in 0..<3 {
        let light = isInverted ? Int(ink[color]) : 255 - Int(ink[color])
        target[pixel * 3 + color] = UInt8(light * black / 255)
      }
    }
  }

  // MARK: Writing

  /// Encodes a square image as a plain JPEG file within `Limits.photoBytesPerPixelMax`, at the best of a few qualities.
  static func encode(_ image: PixelImage) throws(ImageFault) -> [UInt8] {
    for quality: Int32 in [85, 70, 50, 30, 10] {
      let file = try encode(image, quality: quality)
      if file.count <= image.width * image.height * Limits.photoBytesPerPixelMax { return file }
    }
    throw .tooManyPixels
  }

  private static func encode(_ image: PixelImage, quality: Int32) throws(ImageFault) -> [UInt8] {
    let errors = UnsafeMutablePointer<jpeg_error_mgr>.allocate(capacity: 1)
    errors.initialize(to: jpeg_error_mgr())
    let encoder = UnsafeMutablePointer<jpeg_compress_struct>.allocate(capacity: 1)
    encoder.initialize(to: jpeg_compress_struct())
    // libjpeg keeps the addresses of both until the end, so they must not move.
    let file = UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>.allocate(capacity: 1)
    file.initialize(to: nil)
    let count = UnsafeMutablePointer<UInt>.allocate(capacity: 1)
    count.initialize(to: 0)
    defer {
      jpeg_destroy_compress(encoder)
      encoder.deallocate()
      errors.deallocate()
      free(file.pointee)
      file.deallocate()
      count.deallocate()
    }
    encoder.pointee.err = prepare(errors)
    jpeg_CreateCompress(encoder, Int32(JPEG_LIB_VERSION), MemoryLayout<jpeg_compress_struct>.stride)
    jpeg_mem_dest(encoder, file, count)
    encoder.pointee.image_width = UInt32(image.width)
    encoder.pointee.image_height = UInt32(image.height)
    encoder.pointee.input_components = 3
    encoder.pointee.in_color_space = JCS_RGB
    jpeg_set_defaults(encoder)
    jpeg_set_quality(encoder, quality, 1)
    encoder.pointee.optimize_coding = 1
    jpeg_start_compress(encoder, 1)
    while Int(encoder.pointee.next_scanline) < image.height {
      var row: JSAMPROW? = image.row(Int(encoder.pointee.next_scanline))
      jpeg_write_scanlines(encoder, &row, 1)
    }
    jpeg_finish_compress(encoder)
    guard let bytes = file.pointee else { throw .outOfMemory }
    return Array(UnsafeBufferPointer(start: bytes, count: Int(count.pointee)))
  }
}
