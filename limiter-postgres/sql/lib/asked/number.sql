if (@value@ between @least@ and @most@) is not true then
  raise exception '@value@ is %; accepted: @least@ to @most@', coalesce(@value@::text, 'null') using errcode = '22023';
end if;
