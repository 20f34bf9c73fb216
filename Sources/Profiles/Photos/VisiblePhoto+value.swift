public import OData

extension VisiblePhoto {
  /// The photo in one size as a value of `ProfileModel.photo`.
  public func value(_ side: Int) -> StructuredValue {
    var value = Self.value(named: PhotoSize.name(side), side)
    if let audience { value.set("allowedAudiences", .enumeration(audience.rawValue), of: ProfileModel.photo) }
    return value
  }

  /// What `/v1.0` answers in place of a photo that does not exist, as Graph does: one of a single pixel.
  public static let placeholder = value(named: "1x1", 1)

  private static func value(named name: String, _ side: Int) -> StructuredValue {
    var value = StructuredValue(of: ProfileModel.photo)
    value.set("id", name, of: ProfileModel.photo)
    value.set("height", .int(Int64(side)), of: ProfileModel.photo)
    value.set("width", .int(Int64(side)), of: ProfileModel.photo)
    return value
  }
}
