"""Markers for ``Annotated[T, Marker()]``, shared by both APIs."""

from coodie_core.fields import Ascii as Ascii
from coodie_core.fields import BigInt as BigInt
from coodie_core.fields import ClusteringKey as ClusteringKey
from coodie_core.fields import Counter as Counter
from coodie_core.fields import Discriminator as Discriminator
from coodie_core.fields import Double as Double
from coodie_core.fields import Duration as Duration
from coodie_core.fields import Frozen as Frozen
from coodie_core.fields import Indexed as Indexed
from coodie_core.fields import Marker as Marker
from coodie_core.fields import PrimaryKey as PrimaryKey
from coodie_core.fields import SmallInt as SmallInt
from coodie_core.fields import Static as Static
from coodie_core.fields import Time as Time
from coodie_core.fields import TimeUUID as TimeUUID
from coodie_core.fields import TinyInt as TinyInt
from coodie_core.fields import VarInt as VarInt
from coodie_core.fields import Vector as Vector
from coodie_core.fields import VectorIndex as VectorIndex
from coodie_core.fields import Version as Version
