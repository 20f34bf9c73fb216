import CPNG
import OData
import Profiles

/// Reads PNG files with libpng.
enum PNGFile {
  /// Decodes a file. What is transparent becomes white.
  static func decode(_ file: UnsafeBufferPointer<UInt8>) throws(ImageFault) -> PixelImage {
    // libpng keeps its address from one call to the next, so it must not move.
    let png = UnsafeMutablePointer<png_image>.allocate(capacity: 1)
    png.initialize(to: png_image())
    png.pointee.version = png_uint_32(PNG_IMAGE_VERSION)
    defer {
      png_image_free(png)
      png.deallocate()
    }
    guard png_image_begin_read_from_memory(png, file.baseAddress, file.count) != 0 else { throw .notAnImage }
    let (width, height) = (Int(png.pointee.width), Int(png.pointee.height))
    try ImageFault.check(width: width, height: height)
    png.pointee.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    let image = try PixelImage(width: width, height: height)
    var white = png_color(red: 255, green: 255, blue: 255)
    guard png_image_finish_read(png, &white, image.bytes, Int32(image.rowBytes), nil) != 0 else { throw .notAnImage }
    return image
  }
}
