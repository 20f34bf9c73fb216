import Hummingbird
import HummingbirdTLS
import NIOSSL
import NIOHTTPTypesHTTP1
import NIOHTTPCompression
import X509
import AsyncHTTPClient
import JWTKit
import Crypto
enum P {}
