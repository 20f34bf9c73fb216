import CPNG
import OData
import Profiles

/// Reads PNG files with libpng.
enum PNGFile {
  /// Decodes a file. What is transparent becomes white.
  static func decode(_ file: UnsafeBufferPointer<UInt8>) throws(ImageFault) -> PixelImage {
    var png = png_image()
    png.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&png) }
    guard png_image_begin_read_from_memory(&png, file.baseAddress, file.count) != 0 else { throw .notAnImage }
    try ImageFault.check(width: Int(png.width), height: Int(png.height))
    png.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    let image = try PixelImage(width: Int(png.width), height: Int(png.height))
    var white = png_color(red: 255, green: 255, blue: 255)
    guard png_image_finish_read(&png, &white, image.bytes, Int32(image.rowBytes), nil) != 0 else { throw .notAnImage }
    return image
  }
}
