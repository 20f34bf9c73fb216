/* A load of searches or modifications for an LDAP server: one thread, many connections, one request under way on each.
 *
 * Arguments: port, connections, seconds, "search" or "modify", entries; and in the
 * environment RUN, a number that no other run has.
 * Binds each connection as the directory's administrator, then asks for entries at random. Prints, as load.lua does:
 * requests, seconds, errors, and microseconds of the median and of the 99th of 100. */

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_MAX = 1024, ANSWER_MAX = 16384, LATENCY_MAX = 1000000, ADDRESS_MAX = 128 };

/* Tags of RFC 4511. */
enum {
  BOOLEAN = 0x01, INTEGER = 0x02, OCTETS = 0x04, ENUMERATED = 0x0A, SEQUENCE = 0x30, SET = 0x31,
  BIND = 0x60, BIND_ANSWER = 0x61, SEARCH = 0x63, SEARCH_ENTRY = 0x64, MODIFY = 0x66,
  SIMPLE_PASSWORD = 0x80, FILTER_PRESENT = 0x87,
};

/* A message is written from its end to its start, so that lengths are known when they are needed. */
struct message {
  unsigned char bytes[MESSAGE_MAX];
  unsigned char *start;
};

struct connection {
  int socket;
  unsigned char answer[ANSWER_MAX];
  size_t held;
  uint64_t asked;
};

static struct {
  int modifies, entries;
  unsigned run;
  uint64_t random, sent, requests, errors;
  uint32_t latencies[LATENCY_MAX + 1];
} load;

static void fail(const char *reason) {
  perror(reason);
  exit(1);
}

static uint64_t microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* xorshift64: an entry as likely as any other. */
static int any_entry(void) {
  load.random ^= load.random << 13;
  load.random ^= load.random >> 7;
  load.random ^= load.random << 17;
  return (int)((load.random >> 11) % (uint64_t)load.entries);
}

/* Writing */

static unsigned char *begin(struct message *message) {
  return message->start = message->bytes + MESSAGE_MAX;
}

static void put(struct message *message, const void *bytes, size_t count) {
  message->start -= count;
  memcpy(message->start, bytes, count);
}

/* Puts tag and length before what was written since `end`. */
static void wrap(struct message *message, unsigned char tag, const unsigned char *end) {
  size_t length = (size_t)(end - message->start);
  unsigned char head[] = {tag, 0x82, (unsigned char)(length >> 8), (unsigned char)length};
  unsigned char short_head[] = {tag, (unsigned char)length};
  if (length < 0x80) put(message, short_head, sizeof short_head);
  else put(message, head, sizeof head);
}

static void put_text(struct message *message, unsigned char tag, const char *text) {
  unsigned char *end = message->start;
  put(message, text, strlen(text));
  wrap(message, tag, end);
}

static void put_byte(struct message *message, unsigned char tag, unsigned char value) {
  unsigned char *end = message->start;
  put(message, &value, 1);
  wrap(message, tag, end);
}

/* Closes an operation and puts the message's id before it; with one request under way, any id will do. */
static void close_message(struct message *message, unsigned char operation) {
  const unsigned char *end = message->bytes + MESSAGE_MAX;
  wrap(message, operation, end);
  put_byte(message, INTEGER, 1);
  wrap(message, SEQUENCE, end);
}

static void write_bind(struct message *message) {
  begin(message);
  put_text(message, SIMPLE_PASSWORD, "secret");
  put_text(message, OCTETS, "cn=admin,dc=contoso,dc=example");
  put_byte(message, INTEGER, 3);
  close_message(message, BIND);
}

/* The entry itself, with all its attributes. */
static void write_search(struct message *message, const char *entry) {
  unsigned char *end = begin(message);
  wrap(message, SEQUENCE, end);
  put_text(message, FILTER_PRESENT, "objectClass");
  put_byte(message, BOOLEAN, 0);
  put_byte(message, INTEGER, 0);
  put_byte(message, INTEGER, 0);
  put_byte(message, ENUMERATED, 0);
  put_byte(message, ENUMERATED, 0);
  put_text(message, OCTETS, entry);
  close_message(message, SEARCH);
}

/* Another telephone number with every request. */
static void write_modify(struct message *message, const char *entry) {
  char number[48];
  snprintf(number, sizeof number, "+7 %u %llu", load.run, (unsigned long long)load.sent++);
  unsigned char *end = begin(message);
  put_text(message, OCTETS, number);
  wrap(message, SET, end);
  put_text(message, OCTETS, "telephoneNumber");
  wrap(message, SEQUENCE, end);
  put_byte(message, ENUMERATED, 2);
  wrap(message, SEQUENCE, end);
  wrap(message, SEQUENCE, end);
  put_text(message, OCTETS, entry);
  close_message(message, MODIFY);
}

static void send_message(const struct connection *connection, const struct message *message) {
  ssize_t length = message->bytes + MESSAGE_MAX - message->start;
  /* The socket is empty whenever a request is sent, so a short one always fits. */
  if (write(connection->socket, message->start, (size_t)length) != length) fail("write");
}

static void ask(struct connection *connection) {
  struct message message;
  char entry[ADDRESS_MAX];
  snprintf(entry, sizeof entry, "uid=person%d,ou=people,dc=contoso,dc=example", any_entry());
  if (load.modifies) write_modify(&message, entry);
  else write_search(&message, entry);
  connection->asked = microseconds();
  send_message(connection, &message);
}

/* Reading */

/* Bytes of tag and length at `bytes`, or 0 when they are not all there yet; `length` becomes that of the content. */
static size_t read_head(const unsigned char *bytes, size_t count, size_t *length) {
  if (count < 2) return 0;
  size_t digits = bytes[1] & 0x80 ? bytes[1] & 0x7F : 0;
  if (count < 2 + digits) return 0;
  *length = digits ? 0 : bytes[1];
  for (size_t digit = 0; digit < digits; digit++) *length = *length << 8 | bytes[2 + digit];
  return 2 + digits;
}

/* Whether a whole message is the last one of an answer; a result other than success counts as an error. */
static int ends_answer(const unsigned char *content, size_t count) {
  size_t length, head = read_head(content, count, &length);
  const unsigned char *operation = content + head + length;
  if (operation[0] == SEARCH_ENTRY) return 0;
  const unsigned char *result = operation + read_head(operation, (size_t)(content + count - operation), &length);
  if (result[2] != 0) load.errors++;
  return 1;
}

/* Takes whole messages out of what has arrived. Whether an answer has ended. */
static int take_messages(struct connection *connection) {
  size_t at = 0, length, head;
  int ended = 0;
  while ((head = read_head(connection->answer + at, connection->held - at, &length)) != 0
         && connection->held - at >= head + length) {
    ended |= ends_answer(connection->answer + at + head, length);
    at += head + length;
  }
  memmove(connection->answer, connection->answer + at, connection->held - at);
  connection->held -= at;
  return ended;
}

static int receive(struct connection *connection) {
  ssize_t count = read(connection->socket, connection->answer + connection->held, ANSWER_MAX - connection->held);
  if (count <= 0) fail("read");
  connection->held += (size_t)count;
  return take_messages(connection);
}

/* The run */

static void open_connection(struct connection *connection, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct message message;
  int yes = 1;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connection->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(connection->socket, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  write_bind(&message);
  send_message(connection, &message);
  while (!receive(connection)) {}
  if (load.errors) fail("bind");
}

static void finish_request(const struct connection *connection, uint64_t now) {
  uint64_t latency = now - connection->asked;
  load.latencies[latency < LATENCY_MAX ? latency : LATENCY_MAX]++;
  load.requests++;
}

static uint64_t run(struct connection *connections, int count, int seconds) {
  int poll = epoll_create1(0);
  struct epoll_event events[64];
  uint64_t started = microseconds(), now = started, end = started + (uint64_t)seconds * 1000000;
  for (int each = 0; each < count; each++) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[each]};
    epoll_ctl(poll, EPOLL_CTL_ADD, connections[each].socket, &event);
    ask(&connections[each]);
  }
  while (now < end) {
    int ready = epoll_wait(poll, events, 64, 100);
    for (int each = 0; each < ready; each++) {
      struct connection *connection = events[each].data.ptr;
      if (!receive(connection)) continue;
      finish_request(connection, microseconds());
      ask(connection);
    }
    now = microseconds();
  }
  return now - started;
}

static unsigned percentile(double share) {
  uint64_t wanted = (uint64_t)((double)load.requests * share), seen = 0;
  for (unsigned latency = 0; latency < LATENCY_MAX; latency++)
    if ((seen += load.latencies[latency]) > wanted) return latency;
  return LATENCY_MAX;
}

int main(int count, char **arguments) {
  const char *run_number = getenv("RUN");
  if (count != 6 || run_number == NULL) {
    fprintf(stderr, "ldap_load takes: port connections seconds search|modify entries; and RUN\n");
    return 2;
  }
  int connections = atoi(arguments[2]);
  load.modifies = strcmp(arguments[4], "modify") == 0;
  load.entries = atoi(arguments[5]);
  load.run = (unsigned)atoi(run_number);
  load.random = 88172645463325252ULL ^ load.run;
  struct connection *all = calloc((size_t)connections, sizeof *all);
  for (int each = 0; each < connections; each++) open_connection(&all[each], atoi(arguments[1]));
  uint64_t took = run(all, connections, atoi(arguments[3]));
  printf("%llu %.6f %llu %u %u\n", (unsigned long long)load.requests, (double)took / 1e6,
         (unsigned long long)load.errors, percentile(0.5), percentile(0.99));
  return 0;
}
