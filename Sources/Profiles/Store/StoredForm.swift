public import OData

extension StoredItem {
  /// What is wrong with the stored form, as a sentence without any of its values; nil when the JSON is of the type
  /// and the parts beside it agree with it.
  public func fault(as type: StructuredType) -> String? {
    let value: StructuredValue
    do throws(BodyError) {
      value = try self.value(of: type)
    } catch {
      return "The JSON is not of the type '\(type.qualifiedName)'."
    }
    guard case .string(let id) = value.members[ItemFacet.Position.id], id.hasSameBytes(as: key.id.text) else {
      return "The id in the JSON is not the key."
    }
    let derived = StoredItem(key: key, version: version, value: value, of: type)
    if derived.audience != audience { return "The audience beside the JSON is another than in it." }
    if derived.created != created { return "The time of creation beside the JSON is another than in it." }
    if derived.listed != listed { return "Whom the item lists is another beside the JSON than in it." }
    // An older server may have written the same value in other bytes; only then may the place differ.
    if derived.json == json, derived.collapsible != collapsible { return "The collapsible part is marked wrongly." }
    return nil
  }
}

extension StoredUser {
  /// What is wrong with the stored form, as a sentence without any of its values; nil when the JSON is of the type
  /// and the parts beside it agree with it.
  public var fault: String? {
    guard let value = StructuredValue(stored: json, of: ProfileModel.user) else {
      return "The JSON is not of the type '\(ProfileModel.user.qualifiedName)'."
    }
    if value.string("id") != id.text { return "The id in the JSON is not the key." }
    if value.string("userPrincipalName") != principalName { return "The principal name beside the JSON is another." }
    if value.string("displayName") != displayName { return "The display name beside the JSON is another." }
    return nil
  }

  /// The same of what a store keeps of `UserColumn.userPrincipalName` and `.displayName` beside the JSON.
  public func fault(principalName: String?, displayName: String?) -> String? {
    let kept = [principalName, displayName].map { $0.map { Array($0.utf8) } }
    let wanted = [UserColumn.userPrincipalName, .displayName].map { $0.text(of: self).map { Array($0.utf8) } }
    return kept == wanted ? nil : "A name that the person is found by is another than theirs."
  }

  /// What is wrong when several people of a tenant have one principal name, as it is compared.
  public static let sharedNameFinding =
    "Somebody else of the tenant has the same principal name but for case or composition, so that only one of them is found "
    + "by it. Change one of the two."

  /// What is wrong when several people of a tenant have one mail address, from when that was allowed.
  public static let sharedMailFault =
    "Somebody else of the tenant has the same mail address, so that an export of both is not imported. Change one of the two."
}
