"""What the demo data holds, as far as the tests rely on it."""

TENANT = "11111111-1111-4111-8111-111111111111"
USER = "efee1b77-fb3b-4f65-99d6-274c11914d12"
USER_NAME = "Innocenty Popov"
UPN = "innocenty@contoso.example"
PHONE = "e13f7a4d-303c-464f-a6af-80ea18eb74f3"
NUMBER = "+7 499 234 56 78"
OTHER_UPN = "amara@contoso.example"
OTHER_PHONES_FOR_COLLEAGUES = {"9f4c1b7a-52e8-4c55-8f07-1d5f2a9b6c33", "0d9e8f7a-1b2c-4d3e-8f4a-5b6c7d8e9f01"}
OTHER_PHONE_FOR_FAMILY = "c7d0a3e5-6b19-4f7e-a2d8-0e4b9c1f5a84"
STRANGER_ID = "00000000-0000-4000-8000-00000000dead"
APPLICATION = "5b2c1a3e-6f0d-4d0e-9c58-2f0a7c1d9e11"

# The body of the reference page, byte for byte, with the comma that JSON does not allow.
PAGE_BODY = b'{\n  "allowedAudiences": "organization",\n  "type": "other",\n}'
