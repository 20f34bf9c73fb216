/// Writes the metadata document as XML (OData CSDL XML 4.01), for a service of OData 4.0.
public enum CSDLXML {
  /// The media type of the document (OData 4.01 Part 1 section 11.1.2).
  public static let mediaType = "application/xml"

  /// The metadata document of a model (OData CSDL XML 4.01 section 4).
  public static func document(_ description: ModelDescription) -> [UInt8] {
    var xml = XMLWriter()
    xml.element("edmx:Edmx", ["xmlns:edmx": "http://docs.oasis-open.org/odata/ns/edmx", "Version": "4.0"]) { xml in
      for vocabulary in description.vocabularies { reference(vocabulary, into: &xml) }
      xml.element("edmx:DataServices") { xml in schema(description, into: &xml) }
    }
    return xml.bytes
  }

  private static func reference(_ vocabulary: Vocabulary, into xml: inout XMLWriter) {
    xml.element("edmx:Reference", ["Uri": vocabulary.location + ".xml"]) { xml in
      xml.element("edmx:Include", ["Namespace": vocabulary.namespace, "Alias": vocabulary.alias])
    }
  }

  private static func schema(_ description: ModelDescription, into xml: inout XMLWriter) {
    let attributes: KeyValuePairs<String, String?> = [
      "xmlns": "http://docs.oasis-open.org/odata/ns/edm", "Namespace": description.model.namespace,
    ]
    xml.element("Schema", attributes) { xml in
      for type in description.enumTypes { enumType(type, into: &xml) }
      for type in description.structuredTypes { structuredType(type, description, into: &xml) }
      for action in description.model.actions { self.action(action, description, into: &xml) }
      container(description, into: &xml)
    }
  }

  private static func enumType(_ type: EnumType, into xml: inout XMLWriter) {
    xml.element("EnumType", ["Name": type.name, "IsFlags": type.isFlags ? "true" : nil]) { xml in
      for member in type.members { xml.element("Member", ["Name": member.name, "Value": String(member.value)]) }
      annotate(Annotation.described(type.documentation), into: &xml)
    }
  }

  private static func structuredType(
    _ type: StructuredType, _ description: ModelDescription, into xml: inout XMLWriter
  ) {
    let attributes: KeyValuePairs<String, String?> = [
      "Name": type.name, "BaseType": type.baseName.map { "\(description.model.namespace).\($0)" },
      "Abstract": type.isAbstract ? "true" : nil, "OpenType": type.isOpen ? "true" : nil,
    ]
    xml.element(type.isEntity ? "EntityType" : "ComplexType", attributes) { xml in
      key(description.ownProperties(of: type), into: &xml)
      for own in description.ownProperties(of: type) { property(own, of: type, description, into: &xml) }
      for own in description.ownNavigation(of: type) { navigation(own, of: type, description, into: &xml) }
      annotate(description.annotations(of: type), into: &xml)
    }
  }

  private static func key(_ properties: ArraySlice<Property>, into xml: inout XMLWriter) {
    let keys = properties.filter { $0.traits.contains(.key) }
    guard !keys.isEmpty else { return }
    xml.element("Key") { xml in
      for key in keys { xml.element("PropertyRef", ["Name": key.name]) }
    }
  }

  private static func property(
    _ property: Property, of type: StructuredType, _ description: ModelDescription, into xml: inout XMLWriter
  ) {
    let attributes: KeyValuePairs<String, String?> = [
      "Name": property.name, "Type": typeName(property.type.qualifiedName, isCollection: property.isCollection),
      "Nullable": property.allowsNullValues ? nil : "false", "Precision": property.precision.map { String($0) },
    ]
    xml.element("Property", attributes) { xml in
      annotate(description.annotations(of: property, in: type), into: &xml)
    }
  }

  private static func navigation(
    _ navigation: NavigationProperty, of type: StructuredType, _ description: ModelDescription,
    into xml: inout XMLWriter
  ) {
    let attributes: KeyValuePairs<String, String?> = [
      "Name": navigation.name,
      "Type": typeName(navigation.target.qualifiedName, isCollection: navigation.isCollection),
      "ContainsTarget": navigation.containsTarget ? "true" : nil,
    ]
    xml.element("NavigationProperty", attributes) { xml in
      annotate(description.annotations(of: navigation, in: type), into: &xml)
    }
  }

  /// An action (OData CSDL XML 4.01 section 12.1).
  private static func action(_ action: Action, _ description: ModelDescription, into xml: inout XMLWriter) {
    xml.element("Action", ["Name": action.name, "IsBound": "true"]) { xml in
      let type = "\(description.model.namespace).\(action.boundType)"
      xml.element(
        "Parameter",
        [
          "Name": Action.bindingParameter, "Type": typeName(type, isCollection: action.isBoundToSet),
          "Nullable": "false",
        ])
      for (name, value) in action.parameters {
        // For a collection, this is about its elements.
        let attributes: KeyValuePairs<String, String?> = [
          "Name": name, "Type": typeName(value.typeName, isCollection: value.isCollection),
          "Nullable": value.isCollection ? "false" : nil,
        ]
        xml.element("Parameter", attributes)
      }
      guard let returns = action.returns else { return }
      let attributes: KeyValuePairs<String, String?> = [
        "Type": typeName(returns.typeName, isCollection: returns.isCollection),
        "Nullable": returns.isOfEntities ? nil : "false",
      ]
      xml.element("ReturnType", attributes)
    }
  }

  private static func container(_ description: ModelDescription, into xml: inout XMLWriter) {
    xml.element("EntityContainer", ["Name": description.containerName]) { xml in
      for root in description.model.roots {
        let attributes: KeyValuePairs<String, String?> = [
          "Name": root.name, root.isEntitySet ? "EntityType" : "Type": root.type.qualifiedName,
          "IncludeInServiceDocument": root.isListed ? nil : "false",
        ]
        xml.element(root.isEntitySet ? "EntitySet" : "Singleton", attributes) { xml in
          for binding in description.model.bindings(of: root) {
            xml.element("NavigationPropertyBinding", ["Path": binding.path, "Target": binding.target])
          }
        }
      }
      annotate(description.annotations[""] ?? [], into: &xml)
    }
  }

  private static func typeName(_ name: String, isCollection: Bool) -> String {
    isCollection ? "Collection(\(name))" : name
  }
}

// MARK: Annotations

extension CSDLXML {
  private static func annotate(_ annotations: [Annotation], into xml: inout XMLWriter) {
    for annotation in annotations {
      let term = annotation.term
      switch annotation.value {
      case .bool(let value): xml.element("Annotation", ["Term": term, "Bool": value ? "true" : "false"])
      case .string(let value): xml.element("Annotation", ["Term": term, "String": value])
      case .member(let type, let name): xml.element("Annotation", ["Term": term, "EnumMember": "\(type)/\(name)"])
      case .propertyPath(let path): xml.element("Annotation", ["Term": term, "PropertyPath": path])
      case .collection, .record:
        xml.element("Annotation", ["Term": term]) { xml in expression(annotation.value, into: &xml) }
      }
    }
  }

  private static func expression(_ value: Annotation.Value, into xml: inout XMLWriter) {
    switch value {
    case .bool(let value): xml.element("Bool", text: value ? "true" : "false")
    case .string(let value): xml.element("String", text: value)
    case .member(let type, let name): xml.element("EnumMember", text: "\(type)/\(name)")
    case .propertyPath(let path): xml.element("PropertyPath", text: path)
    case .collection(let elements):
      xml.element("Collection") { xml in
        for element in elements { expression(element, into: &xml) }
      }
    case .record(let properties):
      xml.element("Record") { xml in
        for property in properties {
          xml.element("PropertyValue", ["Property": property.property]) { xml in
            expression(property.value, into: &xml)
          }
        }
      }
    }
  }
}

extension Property {
  /// Whether one value may be null. For a collection, `Nullable` is about its elements (OData CSDL XML 4.01 section
  /// 7.2.1), which are never null here.
  var allowsNullValues: Bool { isNullable && !isCollection }

  /// The number of decimal places of a second, for a type that has `Precision` (OData CSDL XML 4.01 section 7.2.3).
  /// Without the facet it would be 0.
  var precision: Int? {
    if case .primitive(.dateTimeOffset) = type { 7 } else { nil }
  }
}
