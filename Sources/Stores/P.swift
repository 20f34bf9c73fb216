import GRDB
import GRDBSQLite
enum P {}
