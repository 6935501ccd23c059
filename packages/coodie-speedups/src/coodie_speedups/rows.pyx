# cython: language_level=3
"""From the wire to rows, and from rows to documents and tuples. What is promised is in rows.pyi.

Rules of this file: no byte of an answer is read before it is known that the answer has it; what has to be freed is freed
in ``finally``; an object is allocated when all that may fail has been done; while a tuple is filled no code of Python
runs, which could see it.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.datetime cimport import_datetime, timedelta_new
from cpython.dict cimport PyDict_New, PyDict_SetItem
from cpython.list cimport PyList_New, PyList_SET_ITEM
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_New, PyTuple_SET_ITEM
from cpython.unicode cimport PyUnicode_DecodeASCII, PyUnicode_DecodeUTF8
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from datetime import datetime
from sys import intern
from types import MemberDescriptorType
from uuid import UUID, SafeUUID


cdef extern from "Python.h":
    ctypedef PyObject* (*allocfunc)(PyTypeObject*, Py_ssize_t)
    ctypedef int (*descrsetfunc)(PyObject*, PyObject*, PyObject*) except -1
    ctypedef struct PyTypeObject:
        allocfunc tp_alloc
        descrsetfunc tp_descr_set
    PyTypeObject* Py_TYPE(object)
    object PyType_GenericAlloc(PyTypeObject*, Py_ssize_t)
    void PyObject_GC_UnTrack(void*)
    int PyGC_Disable()
    int PyGC_Enable()
    int PyObject_GenericSetDict(object, object, void*) except -1


INTERFACE = 1
MOST_COLUMNS = 0xFFFF

cdef enum Kind:
    OTHER, TEXT, ASCII, BLOB, BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, TIMESTAMP, UUID_KIND

KINDS = {
    "text": TEXT,
    "varchar": TEXT,
    "ascii": ASCII,
    "blob": BLOB,
    "boolean": BOOLEAN,
    "tinyint": TINYINT,
    "smallint": SMALLINT,
    "int": INT,
    "bigint": BIGINT,
    "counter": BIGINT,
    "float": FLOAT,
    "double": DOUBLE,
    "timestamp": TIMESTAMP,
    "uuid": UUID_KIND,
    "timeuuid": UUID_KIND,
}


# -- values --------------------------------------------------------------------------------------------------------

cdef struct Cell:
    const unsigned char* start
    int32_t length  # negative: null


cdef inline uint32_t four_bytes(const unsigned char* at) noexcept nogil:
    return (<uint32_t>at[0] << 24) | (<uint32_t>at[1] << 16) | (<uint32_t>at[2] << 8) | at[3]


cdef inline uint64_t eight_bytes(const unsigned char* at) noexcept nogil:
    return (<uint64_t>four_bytes(at) << 32) | four_bytes(at + 4)


cdef object value_of(int kind, Cell cell):
    """Return what a cell holds that is not null; all of its bytes are there."""
    cdef const unsigned char* at = cell.start
    if kind == TEXT:
        return PyUnicode_DecodeUTF8(<const char*>at, cell.length, NULL)
    if kind == ASCII:
        return PyUnicode_DecodeASCII(<const char*>at, cell.length, NULL)
    if kind == BLOB:
        return (<const char*>at)[:cell.length]
    if cell.length == 8:
        if kind == DOUBLE:
            return double_of(eight_bytes(at))
        if kind == BIGINT:
            return <int64_t>eight_bytes(at)
        if kind == TIMESTAMP:
            return moment_of(<int64_t>eight_bytes(at))
    elif cell.length == 4:
        if kind == INT:
            return <int32_t>four_bytes(at)
        if kind == FLOAT:
            return float_of(four_bytes(at))
    elif cell.length == 1:
        if kind == BOOLEAN:
            return at[0] != 0
        if kind == TINYINT:
            return <int8_t>at[0]
    elif cell.length == 2 and kind == SMALLINT:
        return <int16_t>(<uint16_t>at[0] << 8 | at[1])
    elif cell.length == 16 and kind == UUID_KIND:
        return uuid_of(eight_bytes(at), eight_bytes(at + 8))
    raise ValueError("a cell is not as long as its type")


cdef inline object double_of(uint64_t bits):
    cdef double number
    memcpy(&number, &bits, sizeof(number))
    return number


cdef inline object float_of(uint32_t bits):
    cdef float number
    memcpy(&number, &bits, sizeof(number))
    return number


import_datetime()
cdef object EPOCH = datetime(1970, 1, 1)
cdef int64_t MILLISECONDS_OF_DAY = 86_400_000
cdef int64_t MOST_MILLISECONDS = 4_000_000 * MILLISECONDS_OF_DAY  # more than from 1970 to the year 1 or 9999


cdef object moment_of(int64_t milliseconds):
    cdef int64_t days, rest
    if not -MOST_MILLISECONDS < milliseconds < MOST_MILLISECONDS:
        raise OverflowError("a timestamp is outside of the years 1 to 9999")
    days = milliseconds // MILLISECONDS_OF_DAY  # rounded down, as in Python
    rest = milliseconds - days * MILLISECONDS_OF_DAY
    return EPOCH + timedelta_new(<int>days, <int>(rest // 1000), <int>(rest % 1000) * 1000)


cdef object _number_slot = UUID.__dict__.get("int")
cdef object _safety_slot = UUID.__dict__.get("is_safe")
cdef object UNKNOWN = SafeUUID.unknown
# As Python 3.8 to 3.14 have it.
cdef bint _has_known_slots = (
    UUID.__new__ is object.__new__
    and UUID.__slots__ == ("int", "is_safe", "__weakref__")
    and type(_number_slot) is MemberDescriptorType
    and type(_safety_slot) is MemberDescriptorType
)


cdef object uuid_of(uint64_t high, uint64_t low):
    cdef object number = <object>high << 64 | <object>low
    if not _has_known_slots:
        return UUID(int=number)
    made = PyType_GenericAlloc(<PyTypeObject*>UUID, 0)
    put(_number_slot, made, number)
    put(_safety_slot, made, UNKNOWN)
    PyObject_GC_UnTrack(<void*>made)  # it leads to nothing that could lead back
    return made


cdef inline int put(object slot, object made, object value) except -1:
    """Set what *slot*, the descriptor of a slot, stands for."""
    return Py_TYPE(slot).tp_descr_set(<PyObject*>slot, <PyObject*>made, <PyObject*>value)


# -- from the wire -------------------------------------------------------------------------------------------------

cdef struct Answer:
    const unsigned char* at
    const unsigned char* end


cdef inline int take_length(Answer* answer, int32_t* length) except -1:
    if answer.end - answer.at < 4:
        raise ValueError("an answer ends in the middle of its rows")
    length[0] = <int32_t>four_bytes(answer.at)
    answer.at += 4
    return 0


cdef inline int take_cell(Answer* answer, Cell* cell) except -1:
    take_length(answer, &cell.length)
    cell.start = answer.at
    if cell.length > 0:
        if answer.end - answer.at < cell.length:
            raise ValueError("an answer ends in the middle of a cell")
        answer.at += cell.length
    return 0


cdef class RowsReader:
    cdef bytes kinds
    cdef object others
    cdef Py_ssize_t left_to_others

    def __cinit__(self, types, others=None):
        self.kinds = bytes([KINDS.get(name, OTHER) for name in types])
        self.others = others
        self.left_to_others = self.kinds.count(<int>OTHER)
        if not 1 <= len(self.kinds) <= MOST_COLUMNS or (self.left_to_others and others is None):
            raise ValueError(f"{len(self.kinds)} columns, of which {self.left_to_others} are left to {others}")

    def __call__(self, bytes body not None, Py_ssize_t start):
        cdef Answer answer
        cdef Py_ssize_t size = PyBytes_GET_SIZE(body), columns = PyBytes_GET_SIZE(self.kinds)
        cdef int32_t rows
        cdef object others = None
        if not 0 <= start <= size:
            raise ValueError("an answer ends before its rows")
        answer.at = <const unsigned char*>PyBytes_AS_STRING(body) + start
        answer.end = <const unsigned char*>PyBytes_AS_STRING(body) + size
        take_length(&answer, &rows)
        if rows < 0 or rows > (answer.end - answer.at) // (4 * columns):
            raise ValueError("an answer has fewer cells than it says")
        if self.left_to_others:
            others = self.rows_of_others(answer, rows)
        return self.rows(answer, rows, others)

    cdef list rows_of_others(self, Answer answer, int32_t rows):
        """Return rows of those columns that are left to others."""
        cdef bytearray cut = bytearray(rows.to_bytes(4, "big"))
        cdef const char* kinds = PyBytes_AS_STRING(self.kinds)
        cdef Py_ssize_t column, row
        cdef const unsigned char* start
        cdef Cell cell
        for row in range(rows):
            for column in range(PyBytes_GET_SIZE(self.kinds)):
                start = answer.at
                take_cell(&answer, &cell)
                if kinds[column] == OTHER:
                    cut += (<const char*>start)[:answer.at - start]
        made = [tuple(values) for values in self.others(bytes(cut))]
        if len(made) != rows or any([len(values) != self.left_to_others for values in made]):
            raise ValueError("somebody else read other rows")
        return made

    cdef list rows(self, Answer answer, int32_t rows, list others):
        """Return the rows.

        The garbage collector would find nothing in them, and its runs would have it look at everything else more often.
        That it waits can be seen by nobody, since no code of Python runs meanwhile.
        """
        cdef Py_ssize_t columns = PyBytes_GET_SIZE(self.kinds), number
        cdef list made = []
        cdef tuple row = None, values = None
        cdef Cell* before = <Cell*>PyMem_Calloc(columns, sizeof(Cell))
        cdef int was_enabled
        if before == NULL:
            raise MemoryError
        was_enabled = PyGC_Disable()
        try:
            for number in range(rows):
                if others is not None:
                    values = <tuple>others[number]
                row = self.row(&answer, before, row, values)
                made.append(row)
        finally:
            PyMem_Free(before)
            if was_enabled:
                PyGC_Enable()
        return made

    cdef tuple row(self, Answer* answer, Cell* before, tuple row_before, tuple others):
        """Return the next row.

        Args:
            answer: What is left of the answer.
            before: The cells of the row before, to be replaced by those of this one.
            row_before: The row before, whose values are used again where the same bytes follow: a partition key has
                the same in many rows.
            others: The values of columns that are left to others, or None.
        """
        cdef const char* kinds = PyBytes_AS_STRING(self.kinds)
        cdef Py_ssize_t columns = PyBytes_GET_SIZE(self.kinds), column, other = 0
        cdef tuple row = PyTuple_New(columns)
        cdef object value
        cdef Cell cell
        for column in range(columns):
            take_cell(answer, &cell)
            if kinds[column] == OTHER:
                value = <object>PyTuple_GET_ITEM(others, other)
                other += 1
            elif cell.length < 0:
                value = None
            elif (
                row_before is not None
                and before[column].length == cell.length
                and memcmp(before[column].start, cell.start, cell.length) == 0
            ):
                value = <object>PyTuple_GET_ITEM(row_before, column)
            else:
                value = value_of(kinds[column], cell)
            before[column] = cell
            Py_INCREF(value)
            PyTuple_SET_ITEM(row, column, value)
        if others is None:
            PyObject_GC_UnTrack(<void*>row)  # text, numbers and the like lead to nothing that could lead back
        return row


# -- to documents and tuples ---------------------------------------------------------------------------------------

cdef class Converters:
    """How the values of a row become those of a result."""
    cdef tuple decoders, when_null
    cdef Py_ssize_t count
    cdef bint change_nothing

    def __cinit__(self, decoders, when_null):
        self.decoders, self.when_null = tuple(decoders), tuple(when_null)
        self.count = len(self.decoders)
        self.change_nothing = not any([*self.decoders, *self.when_null])
        if len(self.when_null) != self.count:
            raise ValueError("not as many of one as of the other")

    cdef tuple values(self, object row):
        """Return a row as a tuple."""
        cdef tuple values = row if type(row) is tuple else tuple(row)
        if PyTuple_GET_SIZE(values) != self.count:
            raise ValueError(f"{PyTuple_GET_SIZE(values)} values to unpack, expected {self.count}")
        return values

    cdef object converted(self, object value, Py_ssize_t column):
        if value is None:
            make = <object>PyTuple_GET_ITEM(self.when_null, column)
            return None if make is None else make()
        decode = <object>PyTuple_GET_ITEM(self.decoders, column)
        return value if decode is None else decode(value)


cdef class TuplesMaker:
    cdef Converters converters

    def __cinit__(self, decoders, when_null):
        self.converters = Converters(decoders, when_null)

    def __call__(self, rows):
        cdef Converters converters = self.converters
        cdef tuple values
        cdef list made = []
        for row in rows:
            values = converters.values(row)
            if not converters.change_nothing:
                values = tuple([
                    converters.converted(<object>PyTuple_GET_ITEM(values, column), column)
                    for column in range(converters.count)
                ])
            made.append(values)
        return made


cdef class ObjectsMaker:
    cdef object cls, special, row_slot
    cdef Converters converters
    cdef tuple names, slots, constants
    cdef list special_columns

    def __cinit__(self, cls, names, decoders, when_null, by_itself, special, constants, row_slot):
        self.cls, self.special, self.row_slot = cls, special, row_slot
        self.converters = Converters(decoders, when_null)
        self.names = tuple([intern(name) for name in names])
        self.special_columns = [column for column, alone in enumerate(by_itself) if alone]
        self.slots = tuple([slot for slot, _ in constants])
        self.constants = tuple([value for _, value in constants])
        if not len(self.names) == self.converters.count == len(by_itself):
            raise ValueError("not as many of one as of the other")
        if not isinstance(cls, type) or cls.__new__ is not object.__new__:
            raise TypeError(f"{cls!r} is no class whose instances object.__new__ makes")
        for slot in (*self.slots, row_slot):
            if type(slot) is not MemberDescriptorType or not issubclass(cls, slot.__objclass__):
                raise TypeError(f"{slot!r} is no descriptor of a slot of {cls!r}")

    def __call__(self, rows):
        cdef list made = []
        for row in rows:
            values = self.converters.values(row)
            if self.special_columns and self.is_special(values):
                made.append(self.special(row))
            else:
                made.append(self.made_of(row, values))
        return made

    cdef bint is_special(self, tuple values) except -1:
        for column in self.special_columns:
            if values[column] is None:
                return True
        return False

    cdef object made_of(self, object row, tuple values):
        cdef Converters converters = self.converters
        cdef Py_ssize_t place
        cdef object value, attributes = PyDict_New()
        for place in range(converters.count):
            value = <object>PyTuple_GET_ITEM(values, place)
            if not converters.change_nothing:
                value = converters.converted(value, place)
            PyDict_SetItem(attributes, <object>PyTuple_GET_ITEM(self.names, place), value)
        made = PyType_GenericAlloc(<PyTypeObject*>self.cls, 0)
        PyObject_GenericSetDict(made, attributes, NULL)
        for place in range(PyTuple_GET_SIZE(self.slots)):
            put(<object>PyTuple_GET_ITEM(self.slots, place), made, <object>PyTuple_GET_ITEM(self.constants, place))
        put(self.row_slot, made, row)
        return made
